// What an object does when one call follows the other. A history is linearizable when its calls can
// be put in an order that such an object could have lived, each call between its invocation and its
// answer (Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects, 1990).

protocol SequentialModel {
    associatedtype State: Hashable
    /// A call as the object sees it.
    associatedtype Step

    var initial: State { get }

    /// The call as a step; nil when it constrains nothing, such as a read without an answer.
    ///
    /// - Throws: when the object has no such function, or the call's value is of another shape.
    mutating func step(of call: RecordedCall) throws(RecordedHistoryError) -> Step?

    /// The state after the step; nil when the answer cannot come of that state.
    func apply(_ step: Step, to state: State) -> State?

    /// The state as the history writes it.
    func text(_ state: State) -> String
}

/// One number a value, so that a state is cheap to keep and to compare.
struct Interning<Value: Hashable> {
    private var numbers: [Value: Int32] = [:]
    private(set) var values: [Value] = []

    mutating func number(of value: Value) -> Int32 {
        if let number = numbers[value] { return number }
        let number = Int32(values.count)
        numbers[value] = number
        values.append(value)
        return number
    }
}
