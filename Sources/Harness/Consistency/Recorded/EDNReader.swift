// Reads EDN (the Extensible Data Notation of Clojure, in which Jepsen writes its histories): every
// value of a text, one after the other, with its line. Tags are read over: `#jepsen.history.Op{...}`
// is the map. Ratios and arbitrary precision have no use in a history and are refused or rounded.

package struct EDNReader {
    private let bytes: [UInt8]
    private var place = 0
    private(set) var line = 1
    private var lineStart = 0
    private var depth = 0

    /// Deeper nesting than this is no history.
    static let deepest = 200

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next value; nil at the end of the text.
    package mutating func next() throws(RecordedHistoryError) -> RecordedValue? {
        skipBlanks()
        guard place < bytes.count else { return nil }
        return try value()
    }

    /// Enters a vector that holds the whole history, so that its maps are read one by one.
    package mutating func enterVector() -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: "[") else { return false }
        place += 1
        return true
    }

    /// Whether the vector entered ends here; its end is then read over.
    package mutating func endVector() throws(RecordedHistoryError) -> Bool {
        skipBlanks()
        guard place < bytes.count else { throw error("the vector that began the file never ends") }
        guard bytes[place] == UInt8(ascii: "]") else { return false }
        place += 1
        return true
    }

    func error(_ problem: String) -> RecordedHistoryError {
        RecordedHistoryError(line: line, column: place - lineStart + 1, problem)
    }
}

extension EDNReader {
    private mutating func value() throws(RecordedHistoryError) -> RecordedValue {
        skipBlanks()
        guard place < bytes.count else { throw error("a value is missing at the end") }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw error("nested deeper than \(Self.deepest)") }
        switch bytes[place] {
        case UInt8(ascii: "["): return .list(try sequence(until: UInt8(ascii: "]")))
        case UInt8(ascii: "("): return .list(try sequence(until: UInt8(ascii: ")")))
        case UInt8(ascii: "{"): return try map()
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "#"): return try dispatched()
        case UInt8(ascii: ":"):
            place += 1
            return .word(token())
        default: return try atom()
        }
    }

    private mutating func sequence(
        until end: UInt8
    ) throws(RecordedHistoryError) -> [RecordedValue] {
        place += 1
        var values: [RecordedValue] = []
        while true {
            skipBlanks()
            guard place < bytes.count else {
                throw error("\"\(Character(UnicodeScalar(end)))\" is missing at the end")
            }
            if bytes[place] == end {
                place += 1
                return values
            }
            values.append(try value())
        }
    }

    private mutating func map() throws(RecordedHistoryError) -> RecordedValue {
        let values = try sequence(until: UInt8(ascii: "}"))
        guard values.count.isMultiple(of: 2) else { throw error("a key of the map has no value") }
        var fields: [RecordedValue: RecordedValue] = [:]
        for index in stride(from: 0, to: values.count, by: 2) {
            fields[values[index]] = values[index + 1]
        }
        return .map(fields)
    }

    /// `#{...}` is a set, `#_ x` is left out, `#tag x` is x.
    private mutating func dispatched() throws(RecordedHistoryError) -> RecordedValue {
        place += 1
        guard place < bytes.count else { throw error("\"#\" at the end") }
        if bytes[place] == UInt8(ascii: "{") {
            return .set(Set(try sequence(until: UInt8(ascii: "}"))))
        }
        if bytes[place] == UInt8(ascii: "_") {
            place += 1
            _ = try value()
            return try value()
        }
        _ = token()
        return try value()
    }

    private mutating func atom() throws(RecordedHistoryError) -> RecordedValue {
        let start = place
        let text = token()
        guard !text.isEmpty else {
            throw error("unexpected \"\(Character(UnicodeScalar(bytes[start])))\"")
        }
        switch text {
        case "nil": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: break
        }
        if let integer = Int64(text.hasSuffix("N") ? String(text.dropLast()) : text) {
            return .integer(integer)
        }
        let number = text.hasSuffix("M") ? String(text.dropLast()) : text
        if let value = Double(number), text.utf8.first.map(Self.beginsNumber) == true {
            return .number(value)
        }
        return .word(text)
    }

    private mutating func string() throws(RecordedHistoryError) -> String {
        place += 1
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard place < bytes.count else { throw error("the string never ends") }
                text.append(Self.escaped(bytes[place]))
                place += 1
            case UInt8(ascii: "\n"):
                text.append(byte)
                beginLine()
            default: text.append(byte)
            }
        }
        throw error("the string never ends")
    }

    private static func escaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): UInt8(ascii: "\n")
        case UInt8(ascii: "t"): UInt8(ascii: "\t")
        case UInt8(ascii: "r"): UInt8(ascii: "\r")
        default: byte
        }
    }

    private mutating func token() -> String {
        let start = place
        while place < bytes.count, !Self.endsToken(bytes[place]) { place += 1 }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private static func endsToken(_ byte: UInt8) -> Bool {
        isBlank(byte) || "[](){}\";".utf8.contains(byte)
    }

    private static func beginsNumber(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9") || "+-".utf8.contains(byte)
    }

    /// Commas are blanks in EDN.
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == UInt8(ascii: ",")
    }

    private mutating func skipBlanks() {
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: ";") {
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
                continue
            }
            guard Self.isBlank(byte) else { return }
            place += 1
            if byte == UInt8(ascii: "\n") { beginLine() }
        }
    }

    private mutating func beginLine() {
        line += 1
        lineStart = place
    }
}
