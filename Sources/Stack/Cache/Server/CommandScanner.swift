// Splits a client's bytes into commands, as ranges into those bytes. Wire's `RESPValue` would copy every word
// into an array of its own; at a million commands a second those copies are most of the work, and a cache
// reads each word exactly once. The scanner remembers where it stopped, so that a large command that arrives
// in a hundred pieces is still scanned once.

package struct CommandScanner: Sendable {
    /// The words of the command just completed, as offsets from its first byte.
    package private(set) var words: [Range<Int>] = []
    /// How far this command has been scanned.
    private var position = 0
    /// Words still to come; `nil` until the header line has been read.
    private var missing: Int?

    package init() {}

    /// Scans one command at the start of `bytes`; answers its size, or `nil` while it is incomplete.
    ///
    /// A command may have no words at all (an empty line, `*0`); the caller skips it. While `nil` comes back,
    /// the next call must pass the same bytes with more behind them.
    package mutating func next(in bytes: Span<UInt8>) throws(ProtocolViolation) -> Int? {
        guard bytes.count > 0 else { return nil }
        if position == 0 { words.removeAll(keepingCapacity: true) }
        guard bytes[0] == UInt8(ascii: "*") else { return try inlineCommand(in: bytes) }
        if missing == nil {
            guard let count = try header(in: bytes, tooLong: .longMultibulkCount) else {
                return nil
            }
            guard let count, count <= CommandLimits.wordsMax else { throw .multibulkLength }
            missing = max(0, Int(count))
        }
        while let left = missing, left > 0 {
            guard try nextWord(in: bytes) else { return nil }
            missing = left - 1
        }
        return finish()
    }

    private mutating func nextWord(in bytes: Span<UInt8>) throws(ProtocolViolation) -> Bool {
        guard position < bytes.count else { return false }
        guard bytes[position] == UInt8(ascii: "$") else {
            throw .expectedBulk(got: bytes[position])
        }
        let start = position
        guard let count = try header(in: bytes, tooLong: .longBulkCount) else { return false }
        guard let count, count >= 0, position + Int(count) <= CommandLimits.sizeMax else {
            throw .bulkLength
        }
        let end = position + Int(count)
        guard end + 2 <= bytes.count else {
            // Only the short length line is read again when more arrives.
            position = start
            return false
        }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
            throw .bulkLength
        }
        words.append(position..<end)
        position = end + 2
        return true
    }

    /// Reads `*3\r\n` or `$5\r\n` at the position: `nil` is incomplete, `.some(nil)` is not a number.
    private mutating func header(
        in bytes: Span<UInt8>, tooLong: ProtocolViolation
    ) throws(ProtocolViolation) -> Int64?? {
        if let number = plainNumber(in: bytes) { return .some(number) }
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end - position <= CommandLimits.headerMax else { throw tooLong }
        guard end < bytes.count else { return nil }
        let digits = bytes.extracting((position + 1)..<max(position + 1, end - 1))
        position = end + 1
        return .some(Decimal.parse(digits))
    }

    /// The line that nearly every header is: up to nine digits, the first no zero unless alone, and the line's end.
    private mutating func plainNumber(in bytes: Span<UInt8>) -> Int64? {
        var index = position + 1
        let limit = min(bytes.count, index + 9)
        var number: Int64 = 0
        while index < limit {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            number = number &* 10 &+ Int64(digit)
            index += 1
        }
        let count = index - position - 1
        guard count == 1 || (count > 1 && bytes[position + 1] != UInt8(ascii: "0")),
            index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\r"),
            bytes[index + 1] == UInt8(ascii: "\n")
        else { return nil }
        position = index + 2
        return number
    }

    private mutating func finish() -> Int {
        defer {
            position = 0
            missing = nil
        }
        return position
    }
}

// MARK: - Inline commands

extension CommandScanner {
    /// A line of words by hand, over netcat: quotes hold spaces together, escapes are not read.
    private mutating func inlineCommand(
        in bytes: Span<UInt8>
    ) throws(ProtocolViolation) -> Int? {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        guard position < CommandLimits.inlineMax else { throw .longInline }
        guard position < bytes.count else { return nil }
        words.removeAll(keepingCapacity: true)
        let hasReturn = position > 0 && bytes[position - 1] == UInt8(ascii: "\r")
        try splitLine(bytes.extracting(0..<(hasReturn ? position - 1 : position)))
        position += 1
        return finish()
    }

    private mutating func splitLine(_ line: Span<UInt8>) throws(ProtocolViolation) {
        var index = 0
        while index < line.count {
            let byte = line[index]
            if isBlank(byte) {
                index += 1
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                let end = firstIndex(after: index, in: line) { $0 == byte }
                guard end < line.count else { throw .unbalancedQuotes }
                words.append((index + 1)..<end)
                index = end + 1
            } else {
                let end = firstIndex(after: index, in: line, where: isBlank)
                words.append(index..<end)
                index = end
            }
        }
    }

    private func firstIndex(
        after start: Int, in line: Span<UInt8>, where matches: (UInt8) -> Bool
    ) -> Int {
        var index = start + 1
        while index < line.count, !matches(line[index]) { index += 1 }
        return index
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

// MARK: - Limits

/// What a client may ask a connection to hold before a command is complete.
enum CommandLimits {
    /// Words of one command; Redis' own limit.
    static let wordsMax: Int64 = 1 << 20
    /// Bytes of one command with all its words; Redis allows 512 MiB a word, which on one machine with a
    /// dozen other nodes would let a single client take the memory of all.
    static let sizeMax = 64 << 20
    /// Bytes of an inline command; Redis' own limit.
    static let inlineMax = 64 << 10
    /// Bytes of a length line: its mark, a 64-bit number and the line's end.
    static let headerMax = 32
}

/// Bytes that are no command; the connection cannot be trusted any further and is closed after the reply.
package enum ProtocolViolation: Error, Equatable, Sendable {
    case longInline
    case unbalancedQuotes
    case longMultibulkCount
    case multibulkLength
    case longBulkCount
    case bulkLength
    case expectedBulk(got: UInt8)

    /// The words that Redis uses, without the `ERR`.
    package var text: String {
        let what =
            switch self {
            case .longInline: "too big inline request"
            case .unbalancedQuotes: "unbalanced quotes in request"
            case .longMultibulkCount: "too big mbulk count string"
            case .multibulkLength: "invalid multibulk length"
            case .longBulkCount: "too big bulk count string"
            case .bulkLength: "invalid bulk length"
            case .expectedBulk(let byte): "expected '$', got '\(Character(UnicodeScalar(byte)))'"
            }
        return "Protocol error: \(what)"
    }
}
