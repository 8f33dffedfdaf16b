// Commands as servers receive them: an array of bulk strings, or one inline line, as a person types
// into netcat. Inline words are split as Redis splits them: by white space, with "double quotes"
// (escapes \n \r \t \b \a \xHH) and 'single quotes' (escape \').

package struct RESPCommand: Hashable, Sendable {
    /// The command's name and its arguments. Empty for an empty line or array, which servers skip.
    package let words: [[UInt8]]

    package init(words: [[UInt8]]) {
        self.words = words
    }

    /// Reads one command from the front; nil when its last byte has not arrived.
    package static func parse(
        _ bytes: Span<UInt8>, limits: RESPLimits = .standard
    ) throws(RESPError) -> (command: RESPCommand, consumed: Int)? {
        guard !bytes.isEmpty else { return nil }
        guard bytes[0] == UInt8(ascii: "*") else {
            return try inline(bytes, bytesMax: limits.lineBytesMax)
        }
        var cursor = RESPCursor(bytes, limits: limits)
        guard let count = try cursor.arrayCount() else { return nil }
        var words: [[UInt8]] = []
        // The shortest argument takes six bytes, so a large count alone reserves nothing.
        words.reserveCapacity(min(max(count, 0), bytes.count / 6))
        while words.count < count {
            guard let word = try cursor.argument() else { return nil }
            words.append(word)
        }
        return (RESPCommand(words: words), cursor.index)
    }
}

package extension RESPCommand {
    /// The number of words, name included.
    var count: Int { words.count }

    /// The command's name in capitals; empty when there are no words.
    var name: String {
        guard let first = words.first else { return "" }
        return String(repairing: first.span).uppercased()
    }

    /// The word at that place, name included, or nil when there are fewer.
    subscript(index: Int) -> [UInt8]? {
        words.indices.contains(index) ? words[index] : nil
    }

    /// The word as text, or nil when there is none or it is not UTF-8. The name is word 0.
    func text(_ index: Int) -> String? {
        guard let word = self[index] else { return nil }
        return String(utf8: word.span)
    }

    /// The word as an integer, or nil when there is none or it does not spell one.
    func integer(_ index: Int) -> Int64? {
        guard let word = self[index] else { return nil }
        return word.span.decimalValue
    }

    /// True when the word is that ASCII text in any case, as option words are: `EX`, `ID`.
    func word(_ index: Int, is option: StaticString) -> Bool {
        guard let word = self[index] else { return false }
        return word.span.equalsIgnoringCase(option)
    }
}

extension RESPCommand {
    private static func inline(
        _ bytes: Span<UInt8>, bytesMax: Int
    ) throws(RESPError) -> (command: RESPCommand, consumed: Int)? {
        var end = 0
        while end < bytes.count, bytes[end] != 0x0A {
            guard end < bytesMax else { throw RESPError(.lineTooLong(bytesMax: bytesMax), at: 0) }
            end += 1
        }
        guard end < bytes.count else { return nil }
        let hasReturn = end > 0 && bytes[end - 1] == 0x0D
        var splitter = InlineSplitter(bytes.extracting(0..<(hasReturn ? end - 1 : end)))
        return (RESPCommand(words: try splitter.words()), end + 1)
    }
}

private struct InlineSplitter: ~Escapable {
    private let line: Span<UInt8>
    private var index = 0

    @_lifetime(copy line)
    init(_ line: Span<UInt8>) {
        self.line = line
    }

    mutating func words() throws(RESPError) -> [[UInt8]] {
        var words: [[UInt8]] = []
        while true {
            while index < line.count, Self.isSpace(line[index]) { index += 1 }
            guard index < line.count else { return words }
            words.append(try word())
        }
    }

    private mutating func word() throws(RESPError) -> [UInt8] {
        var word: [UInt8] = []
        while index < line.count, !Self.isSpace(line[index]) {
            let byte = line[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): try quoted(by: byte, into: &word)
            default: word.append(byte)
            }
        }
        return word
    }

    /// Takes up to the closing quote, behind which a word must end.
    private mutating func quoted(by quote: UInt8, into word: inout [UInt8]) throws(RESPError) {
        let start = index - 1
        while index < line.count, line[index] != quote {
            if line[index] == UInt8(ascii: "\\"), index + 1 < line.count {
                escape(within: quote, into: &word)
            } else {
                word.append(line[index])
                index += 1
            }
        }
        let closed = index < line.count
        let wordEnds = index + 1 >= line.count || Self.isSpace(line[index + 1])
        guard closed, wordEnds else { throw RESPError(.unbalancedQuotes, at: start) }
        index += 1
    }

    private mutating func escape(within quote: UInt8, into word: inout [UInt8]) {
        let letter = line[index + 1]
        if quote == UInt8(ascii: "'"), letter != quote {
            word.append(line[index])
            index += 1
            return
        }
        if letter == UInt8(ascii: "x"), index + 3 < line.count,
            let high = line[index + 2].hexadecimalValue,
            let low = line[index + 3].hexadecimalValue
        {
            word.append(high << 4 | low)
            index += 4
            return
        }
        switch letter {
        case UInt8(ascii: "n"): word.append(0x0A)
        case UInt8(ascii: "r"): word.append(0x0D)
        case UInt8(ascii: "t"): word.append(0x09)
        case UInt8(ascii: "b"): word.append(0x08)
        case UInt8(ascii: "a"): word.append(0x07)
        default: word.append(letter)
        }
        index += 2
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte) || byte == 0
    }
}
