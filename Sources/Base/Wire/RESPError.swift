// Why bytes are not RESP. After one of these the stream cannot be trusted: answer and close.

package struct RESPError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// A value or an argument started with a byte that names no known type.
        case unexpectedByte(UInt8)
        /// A length or an integer that is not a plain number, or a negative length other than -1.
        case malformedNumber
        /// A line that ends in a lone line feed or carriage return.
        case malformedLineEnd
        case malformedUTF8
        case unbalancedQuotes
        case lineTooLong(bytesMax: Int)
        case bulkTooLong(bytesMax: Int)
        case arrayTooLong(elementsMax: Int)
        case tooDeep(depthMax: Int)
    }

    package let reason: Reason
    /// Bytes from the start of the span that was parsed.
    package let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension RESPError: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .unexpectedByte(let byte): "unexpected byte 0x\(String(byte, radix: 16))"
        case .malformedNumber: "malformed number"
        case .malformedLineEnd: "malformed line end"
        case .malformedUTF8: "malformed UTF-8"
        case .unbalancedQuotes: "unbalanced quotes in request"
        case .lineTooLong(let bytesMax): "line longer than \(bytesMax) bytes"
        case .bulkTooLong(let bytesMax): "bulk string longer than \(bytesMax) bytes"
        case .arrayTooLong(let elementsMax): "array longer than \(elementsMax) elements"
        case .tooDeep(let depthMax): "arrays nested deeper than \(depthMax) levels"
        }
    }
}

/// What one peer may make the other keep in memory. Crossing a limit ends the connection.
package struct RESPLimits: Sendable {
    /// Bytes of a line: a simple string, an error, a number or an inline command.
    package var lineBytesMax = 64 * 1024
    /// Bytes of one bulk string. Redis allows 512 MiB; nothing here stores values that large.
    package var bulkBytesMax = 64 * 1024 * 1024
    /// Elements of one array, arguments of one command.
    package var elementsMax = 1024 * 1024
    /// Arrays within arrays; each level costs stack.
    package var depthMax = 16

    package init() {}

    package static let standard = RESPLimits()
}
