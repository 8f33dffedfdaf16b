// The JSON parser: strict RFC 8259 by recursive descent over a span, one pass.
//
// Stricter than the RFC in two places, where its leniency hides mistakes in files people edit: a
// name that occurs twice in an object, and half of a surrogate pair, are errors. Nesting is bounded
// because each level costs stack.

package extension JSON {
    /// Levels of arrays and objects that a text may nest unless the caller says otherwise.
    static var depthMax: Int { 128 }

    /// Parses one value with nothing but white space around it.
    static func parse(
        _ bytes: Span<UInt8>, depthMax: Int = JSON.depthMax
    ) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, depthMax: depthMax)
        return try parser.document()
    }

    static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON {
        try parse(bytes.span)
    }

    static func parse(_ text: String) throws(JSONError) -> JSON {
        try parse(text.utf8.span)
    }
}

struct JSONParser: ~Escapable {
    private let bytes: Span<UInt8>
    private var index = 0
    private var levelsLeft: Int
    private let depthMax: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, depthMax: Int) {
        precondition(depthMax >= 0, "a depth is not negative")
        self.bytes = bytes
        self.levelsLeft = depthMax
        self.depthMax = depthMax
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        if index < bytes.count { throw error(.trailingByte(bytes[index])) }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case let byte: throw error(.unexpectedByte(byte))
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for offset in 0..<word.utf8CodeUnitCount {
            // The literal's bytes live as long as the program.
            let expected = unsafe word.utf8Start[offset]
            let byte = try peek()
            guard byte == expected else { throw error(.unexpectedByte(byte)) }
            index += 1
        }
        return value
    }
}

// MARK: - Containers

extension JSONParser {
    private mutating func array() throws(JSONError) -> JSON {
        try enter()
        var elements: [JSON] = []
        if try !closes(with: UInt8(ascii: "]")) {
            repeat {
                elements.append(try value())
            } while try continues(or: UInt8(ascii: "]"))
        }
        levelsLeft += 1
        return .array(elements)
    }

    private mutating func object() throws(JSONError) -> JSON {
        try enter()
        var members: [(String, JSON)] = []
        var names: Set<String> = []
        if try !closes(with: UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                let start = index
                let name = try name()
                guard isNew(name, to: members, &names) else {
                    throw error(.duplicateKey(name), at: start)
                }
                members.append((name, try value()))
            } while try continues(or: UInt8(ascii: "}"))
        }
        levelsLeft += 1
        return .object(members)
    }

    /// The name of a member and the colon behind it.
    private mutating func name() throws(JSONError) -> String {
        let first = try peek()
        guard first == UInt8(ascii: "\"") else { throw error(.unexpectedByte(first)) }
        let name = try string()
        skipSpace()
        let colon = try peek()
        guard colon == UInt8(ascii: ":") else { throw error(.unexpectedByte(colon)) }
        index += 1
        return name
    }

    /// Looks through the members while they are few, which is nearly always, and then in the set.
    private func isNew(
        _ name: String, to members: [(String, JSON)], _ names: inout Set<String>
    ) -> Bool {
        let listMax = 12
        if members.count < listMax { return !members.contains { $0.0 == name } }
        if names.isEmpty { names = Set(members.map(\.0)) }
        return names.insert(name).inserted
    }

    /// Steps over an opening bracket.
    private mutating func enter() throws(JSONError) {
        guard levelsLeft > 0 else { throw error(.tooDeep(depthMax: depthMax)) }
        levelsLeft -= 1
        index += 1
    }

    /// Steps over the closing bracket of an empty container, if that is what comes next.
    private mutating func closes(with bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard try peek() == bracket else { return false }
        index += 1
        return true
    }

    /// Steps over the comma before another element, or over the closing bracket after the last.
    private mutating func continues(or bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        let byte = try peek()
        guard byte == UInt8(ascii: ",") || byte == bracket else {
            throw error(.unexpectedByte(byte))
        }
        index += 1
        return byte != bracket
    }
}

// MARK: - Scalars

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        try skipPlain()
        if bytes[index] == UInt8(ascii: "\"") {
            return try text(bytes.extracting(start..<index), from: start)
        }
        return try escapedString(from: start)
    }

    /// Steps over string bytes that stand for themselves; stops at a quote or a backslash.
    private mutating func skipPlain() throws(JSONError) {
        while true {
            let byte = try peek()
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw error(.controlByte(byte)) }
            index += 1
        }
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var unescaped = [UInt8](copying: bytes.extracting(start..<index))
        while bytes[index] == UInt8(ascii: "\\") {
            try escape(into: &unescaped)
            let plain = index
            try skipPlain()
            unescaped.append(copying: bytes.extracting(plain..<index))
        }
        return try text(unescaped.span, from: start)
    }

    /// Takes the closing quote and gives the text before it.
    private mutating func text(
        _ content: Span<UInt8>, from start: Int
    ) throws(JSONError) -> String {
        guard let text = String(utf8: content) else { throw error(.malformedUTF8, at: start) }
        index += 1
        return text
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        let start = index
        index += 1
        let letter = try peek()
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            unescaped.append(contentsOf: Character(try scalar(from: start)).utf8)
        default: throw error(.malformedEscape, at: start)
        }
    }

    /// The scalar of `\u` and four digits, or of two of them that form a surrogate pair (RFC 8259 section 7).
    private mutating func scalar(from start: Int) throws(JSONError) -> UnicodeScalar {
        let unit = try codeUnit(from: start)
        if let scalar = UnicodeScalar(UInt32(unit)) { return scalar }
        guard UTF16.isLeadSurrogate(unit), try peek() == UInt8(ascii: "\\") else {
            throw error(.loneSurrogate, at: start)
        }
        index += 1
        guard try peek() == UInt8(ascii: "u") else { throw error(.loneSurrogate, at: start) }
        index += 1
        let trail = try codeUnit(from: start)
        guard UTF16.isTrailSurrogate(trail) else { throw error(.loneSurrogate, at: start) }
        let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
        guard let scalar = UnicodeScalar(value) else { throw error(.loneSurrogate, at: start) }
        return scalar
    }

    private mutating func codeUnit(from start: Int) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = try peek().hexadecimalValue else {
                throw error(.malformedEscape, at: start)
            }
            unit = unit << 4 | UInt16(digit)
            index += 1
        }
        return unit
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = index
        if try peek() == UInt8(ascii: "-") { index += 1 }
        let firstDigit = index
        let digits = skipDigits()
        let leadingZero = digits > 1 && bytes[firstDigit] == UInt8(ascii: "0")
        guard digits > 0, !leadingZero else { throw error(.malformedNumber, at: start) }
        let whole = try !skipFractionAndExponent(of: start)
        let literal = bytes.extracting(start..<index)
        // -0 has no integer; as a Double it keeps its sign.
        if whole, let value = literal.decimalValue, value != 0 || firstDigit == start {
            return .integer(value)
        }
        guard let value = Double(String(repairing: literal)) else {
            throw error(.malformedNumber, at: start)
        }
        guard value.isFinite else { throw error(.numberOutOfRange, at: start) }
        return .number(value)
    }

    /// True when there was a fraction or an exponent.
    private mutating func skipFractionAndExponent(of start: Int) throws(JSONError) -> Bool {
        let before = index
        if next(is: UInt8(ascii: ".")) {
            index += 1
            guard skipDigits() > 0 else { throw error(.malformedNumber, at: start) }
        }
        if next(is: UInt8(ascii: "e")) || next(is: UInt8(ascii: "E")) {
            index += 1
            if next(is: UInt8(ascii: "+")) || next(is: UInt8(ascii: "-")) { index += 1 }
            guard skipDigits() > 0 else { throw error(.malformedNumber, at: start) }
        }
        return index > before
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9 { index += 1 }
        return index - start
    }
}

// MARK: - Bytes

extension JSONParser {
    private func next(is byte: UInt8) -> Bool {
        index < bytes.count && bytes[index] == byte
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard index < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[index]
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private func error(_ reason: JSONError.Reason, at offset: Int? = nil) -> JSONError {
        JSONError(reason, at: offset ?? index, in: bytes)
    }
}
