// Where and why a text is not JSON, in the terms a person looks for in an editor.

package struct JSONError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// The text ended where a value, a name or a closing bracket was due.
        case unexpectedEnd
        case unexpectedByte(UInt8)
        /// Something other than white space follows the value.
        case trailingByte(UInt8)
        case malformedNumber
        /// A number beyond the largest finite `Double`.
        case numberOutOfRange
        case malformedEscape
        /// `\uD800`...`\uDFFF` without its other half.
        case loneSurrogate
        /// A byte below 0x20 inside a string, which must be written as an escape.
        case controlByte(UInt8)
        case malformedUTF8
        case duplicateKey(String)
        case tooDeep(depthMax: Int)
    }

    package let reason: Reason
    /// Bytes from the start of the text, zero-based.
    package let offset: Int
    /// One-based; only line feeds end lines.
    package let line: Int
    /// One-based, in Unicode scalars since the line's start.
    package let column: Int

    init(_ reason: Reason, at offset: Int, in text: Span<UInt8>) {
        var line = 1
        var column = 1
        for index in 0..<min(offset, text.count) {
            let byte = text[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.reason = reason
        self.offset = offset
        self.line = line
        self.column = column
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String { "line \(line), column \(column): \(reason)" }
}

extension JSONError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedByte(let byte): "unexpected \(Self.name(of: byte))"
        case .trailingByte(let byte): "unexpected \(Self.name(of: byte)) after the value"
        case .malformedNumber: "malformed number"
        case .numberOutOfRange: "number out of range"
        case .malformedEscape: "malformed escape"
        case .loneSurrogate: "half of a surrogate pair"
        case .controlByte(let byte): "\(Self.name(of: byte)) inside a string needs an escape"
        case .malformedUTF8: "malformed UTF-8"
        case .duplicateKey(let key): "duplicate key \"\(key)\""
        case .tooDeep(let depthMax): "nested deeper than \(depthMax) levels"
        }
    }

    private static func name(of byte: UInt8) -> String {
        if (0x21...0x7E).contains(byte) { return "'\(Character(UnicodeScalar(byte)))'" }
        return "byte 0x\(String(byte, radix: 16))"
    }
}
