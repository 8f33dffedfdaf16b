// JSON values (RFC 8259), with the members of objects kept in the order they were written.
//
// Every process of a run reads or writes JSON, and start-up counts, so this replaces Foundation's
// coder. Order is kept because people diff these files. Integers stay integers: a nanosecond clock
// does not fit a `Double`.

package enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits with sign.
    case integer(Int64)
    /// Any other number. One that is not finite cannot be written and becomes `null`.
    case number(Double)
    case string(String)
    case array([JSON])
    /// Members in order. A parsed object never holds one name twice.
    case object([(String, JSON)])
}

package extension JSON {
    /// The member of that name, or nil when this is no object or has none.
    subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.0 == key }?.1
    }

    /// The element at that place, or nil when this is no array or is shorter.
    subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number if it is whole and fits, so that `1e3` reads as 1000.
    var int64: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Self.whole(value)
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// What `Int64(exactly:)` gives, less its need of libm, which this module does not link.
    private static func whole(_ value: Double) -> Int64? {
        guard value >= -0x1p63, value < 0x1p63 else { return nil }
        let truncated = Int64(value)
        return Double(truncated) == value ? truncated : nil
    }

    var int: Int? { int64.flatMap { Int(exactly: $0) } }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }

    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var object: [(String, JSON)]? {
        if case .object(let members) = self { members } else { nil }
    }
}

/// Two objects are equal when they hold equal members in the same order.
extension JSON: Equatable {
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.0 == $1.0 && $0.1 == $1.1 }
        case (.null, _), (.bool, _), (.integer, _), (.number, _), (.string, _), (.array, _),
            (.object, _):
            false
        }
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
}
