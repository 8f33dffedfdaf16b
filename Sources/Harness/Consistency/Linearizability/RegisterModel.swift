// A register that is read, written, and set where it holds an expected value.

struct RegisterModel: SequentialModel {
    enum Step {
        case write(Int32)
        case read(Int32)
        /// `matched` is nil when no answer came: it may have been set or not.
        case compareAndSet(expected: Int32, new: Int32, matched: Bool?)
    }

    private var values = Interning<RecordedValue>()
    let initial: Int32

    init() { initial = values.number(of: .null) }

    mutating func step(of call: RecordedCall) throws(RecordedHistoryError) -> Step? {
        switch call.function {
        case "read":
            return call.outcome == .ok ? .read(values.number(of: call.answer)) : nil
        case "write":
            return .write(values.number(of: call.argument))
        case "cas", "cas-mismatch":
            guard case .list(let pair) = call.argument, pair.count == 2 else {
                throw RecordedHistoryError(
                    line: call.line, "cas takes [expected new], not \(call.argument)")
            }
            return .compareAndSet(
                expected: values.number(of: pair[0]), new: values.number(of: pair[1]),
                matched: call.outcome == .ok ? call.function == "cas" : nil)
        default:
            throw RecordedHistoryError(
                line: call.line, "a register has read, write and cas, not \"\(call.function)\"")
        }
    }

    func apply(_ step: Step, to state: Int32) -> Int32? {
        switch step {
        case .write(let value): value
        case .read(let value): value == state ? state : nil
        case .compareAndSet(let expected, let new, matched: true):
            expected == state ? new : nil
        case .compareAndSet(let expected, _, matched: false): expected == state ? nil : state
        case .compareAndSet(let expected, let new, matched: nil):
            expected == state ? new : state
        }
    }

    func text(_ state: Int32) -> String { "\(values.values[Int(state)])" }
}
