// A value of a recorded history, whichever format it was written in. EDN's keywords and symbols are
// words, JSON's strings and EDN's are text; a field of a map is found by its name in either form.

package enum RecordedValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    /// A keyword or a symbol of EDN, without the colon.
    case word(String)
    case list([RecordedValue])
    case set(Set<RecordedValue>)
    case map([RecordedValue: RecordedValue])
}

extension RecordedValue {
    package subscript(field name: String) -> RecordedValue? {
        guard case .map(let fields) = self else { return nil }
        return fields[.word(name)] ?? fields[.text(name)]
    }

    /// The name that a word or a text gives.
    package var name: String? {
        switch self {
        case .word(let name), .text(let name): name
        case .null, .bool, .integer, .number, .list, .set, .map: nil
        }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The elements of a list or a set.
    package var elements: [RecordedValue]? {
        switch self {
        case .list(let elements): elements
        case .set(let elements): Array(elements)
        case .null, .bool, .integer, .number, .text, .word, .map: nil
        }
    }

    package var isNull: Bool { self == .null }
}

extension RecordedValue: CustomStringConvertible {
    /// As EDN would write it.
    package var description: String {
        switch self {
        case .null: "nil"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        case .word(let value): ":\(value)"
        case .list(let values): "[\(Self.joined(values))]"
        case .set(let values): "#{\(values.map(\.description).sorted().joined(separator: " "))}"
        case .map(let values):
            "{\(values.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))}"
        }
    }

    private static func joined(_ values: [RecordedValue]) -> String {
        values.map(\.description).joined(separator: " ")
    }
}
