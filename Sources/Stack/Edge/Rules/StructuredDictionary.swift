// Dictionaries of structured fields (RFC 9651 section 3.2), as CDN-Cache-Control is one.
//
//     max-age=600, stale-if-error=3600;note="x", must-revalidate
//
// Unlike Cache-Control they are read strictly: one fault anywhere and the whole field does not
// exist. Parameters are checked and dropped, since no directive has a use for them.

/// The value of one member.
enum StructuredValue: Equatable {
    case integer(Int64)
    case decimal
    case string(String)
    case token(String)
    case boolean(Bool)
    case bytes
    case date
    case list
}

enum StructuredDictionary {
    /// The members of a dictionary; of a key that stands twice the last counts. Nil if malformed.
    static func parse(_ values: [String]) -> [String: StructuredValue]? {
        var reader = StructuredReader(values.joined(separator: ", "))
        return reader.dictionary()
    }
}

/// A place in the text of a structured field.
private struct StructuredReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func dictionary() -> [String: StructuredValue]? {
        var members: [String: StructuredValue] = [:]
        skip { $0 == 0x20 }
        if isAtEnd { return members }
        while true {
            guard let key = key() else { return nil }
            var value = StructuredValue.boolean(true)
            if take(UInt8(ascii: "=")) {
                guard let item = itemOrList() else { return nil }
                value = item
            }
            guard parameters() else { return nil }
            members[key] = value
            skip { $0 == 0x20 || $0 == 0x09 }
            if isAtEnd { return members }
            guard take(UInt8(ascii: ",")) else { return nil }
            skip { $0 == 0x20 || $0 == 0x09 }
            if isAtEnd { return nil }
        }
    }

    private var isAtEnd: Bool { index == bytes.count }
    private var next: UInt8? { isAtEnd ? nil : bytes[index] }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func skip(while isMember: (UInt8) -> Bool) {
        while let next, isMember(next) { index += 1 }
    }

    private mutating func run(of isMember: (UInt8) -> Bool) -> String {
        let start = index
        skip(while: isMember)
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func key() -> String? {
        guard let first = next, Self.isSmall(first) || first == UInt8(ascii: "*") else {
            return nil
        }
        return run { Self.isSmall($0) || Self.isDigit($0) || "_-.*".utf8.contains($0) }
    }

    private mutating func parameters() -> Bool {
        while take(UInt8(ascii: ";")) {
            skip { $0 == 0x20 }
            guard key() != nil else { return false }
            if take(UInt8(ascii: "=")), item() == nil { return false }
        }
        return true
    }

    private mutating func itemOrList() -> StructuredValue? {
        guard take(UInt8(ascii: "(")) else { return item() }
        while true {
            skip { $0 == 0x20 }
            if take(UInt8(ascii: ")")) { return .list }
            guard item() != nil, parameters(), next == 0x20 || next == UInt8(ascii: ")") else {
                return nil
            }
        }
    }

    private mutating func item() -> StructuredValue? {
        guard let first = next else { return nil }
        switch first {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: ":"): return byteSequence()
        case UInt8(ascii: "?"): return boolean()
        case UInt8(ascii: "@"):
            index += 1
            guard case .integer = number() else { return nil }
            return .date
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: return token(first)
        }
    }

    /// At most 15 digits, or 12 before a point and 3 behind it (section 4.2.4).
    private mutating func number() -> StructuredValue? {
        let isNegative = take(UInt8(ascii: "-"))
        let whole = run(of: Self.isDigit)
        guard let value = Int64(whole) else { return nil }
        if take(UInt8(ascii: ".")) {
            let fraction = run(of: Self.isDigit)
            let fits = whole.utf8.count <= 12 && (1...3).contains(fraction.utf8.count)
            return fits ? .decimal : nil
        }
        return whole.utf8.count <= 15 ? .integer(isNegative ? -value : value) : nil
    }

    private mutating func string() -> StructuredValue? {
        index += 1
        var content: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return .string(String(decoding: content, as: UTF8.self))
            case UInt8(ascii: "\\"):
                guard let escaped = next, "\"\\".utf8.contains(escaped) else { return nil }
                content.append(escaped)
                index += 1
            case 0x20...0x7E: content.append(byte)
            default: return nil
            }
        }
        return nil
    }

    private mutating func byteSequence() -> StructuredValue? {
        index += 1
        skip { Self.isLetter($0) || Self.isDigit($0) || "+/=".utf8.contains($0) }
        return take(UInt8(ascii: ":")) ? .bytes : nil
    }

    private mutating func boolean() -> StructuredValue? {
        index += 1
        if take(UInt8(ascii: "1")) { return .boolean(true) }
        return take(UInt8(ascii: "0")) ? .boolean(false) : nil
    }

    private mutating func token(_ first: UInt8) -> StructuredValue? {
        guard Self.isLetter(first) || first == UInt8(ascii: "*") else { return nil }
        return .token(
            run {
                Self.isLetter($0) || Self.isDigit($0) || "!#$%&'*+-.^_`|~:/".utf8.contains($0)
            })
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isSmall(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isSmall(byte | 0x20) }
}
