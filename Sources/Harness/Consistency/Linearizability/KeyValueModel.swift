// One key of a store of texts: get, put and append. A key that nobody wrote holds the empty text.

struct KeyValueModel: SequentialModel {
    enum Step {
        case get(String)
        case put(String)
        case append(String)
    }

    let initial = ""

    mutating func step(of call: RecordedCall) throws(RecordedHistoryError) -> Step? {
        switch call.function {
        case "get", "read":
            return call.outcome == .ok ? .get(try text(call.answer, of: call)) : nil
        case "put", "write": return .put(try text(call.argument, of: call))
        case "append": return .append(try text(call.argument, of: call))
        default:
            throw RecordedHistoryError(
                line: call.line, "a key has get, put and append, not \"\(call.function)\"")
        }
    }

    private func text(
        _ value: RecordedValue, of call: RecordedCall
    ) throws(RecordedHistoryError) -> String {
        switch value {
        case .null: return ""
        case .text(let text), .word(let text): return text
        case .integer(let number): return "\(number)"
        case .bool, .number, .list, .set, .map:
            throw RecordedHistoryError(
                line: call.line, "\(call.function) takes a text, not \(value)")
        }
    }

    func apply(_ step: Step, to state: String) -> String? {
        switch step {
        case .get(let value): value == state ? state : nil
        case .put(let value): value
        case .append(let value): state + value
        }
    }

    func text(_ state: String) -> String { "\"\(state)\"" }
}
