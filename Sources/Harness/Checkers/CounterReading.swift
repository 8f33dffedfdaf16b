// Numbers that nodes tell about themselves, read at the bounds of the phases, and how far they rise between two
// of them.

package import Experiment

/// One number of one node at one moment.
package struct CounterReading: Hashable, Sendable {
    package var counter: Objective.Counter
    package var node: String
    /// The bound of the phase that it was read for, in nanoseconds since the run's epoch.
    package var bound: Int64
    /// Nil: the node gave no answer.
    package var value: Int64?

    package init(
        _ counter: Objective.Counter, node: String, bound: Int64, value: Int64?
    ) {
        self.counter = counter
        self.node = node
        self.bound = bound
        self.value = value
    }
}

extension Judge {
    func counter(
        _ objective: Objective, _ counter: Objective.Counter, _ comparison: Comparison,
        _ limit: Int
    ) -> Judgement {
        guard let interval = run.interval(of: objective.slice) else {
            return Judgement(objective, .noData, measured: "the run has no such phase")
        }
        let own = run.counters.filter { $0.counter == counter }
        let start = own.filter { $0.bound == interval.lowerBound }
        let end = own.filter { $0.bound == interval.upperBound }
        guard !start.isEmpty, start.count == end.count else {
            return Judgement(objective, .noData, measured: "\(counter) was not read")
        }
        var sum: Int64 = 0
        for (before, after) in zip(start, end) {
            guard before.node == after.node, let low = before.value, let high = after.value,
                high >= low
            else {
                // A node that was away or began anew has forgotten what it counted.
                return Judgement(
                    objective, .noData, measured: "\(before.node) cannot tell \(counter)")
            }
            sum += high - low
        }
        return Judgement(
            objective, comparison.holds(sum, Int64(limit)) ? .held : .failed,
            measured: "\(counter) rose by \(sum) on \(start.count) nodes", value: Double(sum))
    }
}
