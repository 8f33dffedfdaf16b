// The run cut into windows of fixed width over intended time. One number over a whole run hides an
// outage in its last seconds; a window cannot.

import Experiment
package import History

/// The operations that the plan had in one stretch of time.
package struct Window: Hashable, Sendable {
    /// Nanoseconds since the run's epoch.
    package let start: Int64
    package let count: OutcomeCount
    /// Nil: no operation of the window has a latency.
    package let p99: Int64?
}

package struct WindowSeries: Sendable {
    /// Nanoseconds; greater than zero.
    package let width: Int64
    /// Without gaps, from the run's epoch to the end of the load.
    package let windows: [Window]

    /// Windows from the epoch up to `end`; the last one may be cut short by it.
    package init(
        _ operations: some Sequence<Operation>, until end: Int64, width: Int64, unanswered: Int64
    ) {
        precondition(width > 0, "a window has a width")
        let windowCount = Int((max(end, 0) + width - 1) / width)
        var counts = [OutcomeCount](repeating: OutcomeCount(), count: windowCount)
        var latencies = [[Int64]](repeating: [], count: windowCount)
        for operation in operations where operation.intended >= 0 && operation.intended < end {
            let index = Int(operation.intended / width)
            counts[index].add(operation.outcome)
            if let latency = operation.latency(unanswered: unanswered) {
                latencies[index].append(latency)
            }
        }
        self.width = width
        windows = counts.indices.map { index in
            Window(
                start: Int64(index) * width, count: counts[index],
                p99: LatencySample(latencies: latencies[index]).percentile(.p99))
        }
    }

    /// Index of the window that a time falls into; the count of windows when it is after all.
    package func index(of time: Int64) -> Int {
        min(windows.count, Int(max(time, 0) / width))
    }
}
