// Latencies of operations, counted from the intended send time, and their percentiles. Which
// operations count, and with what:
//
// - ok: the time to the whole answer;
// - unknown (timed out, connection lost): the time that was spent waiting, so that a timeout weighs
//   at least what the user waited;
// - shed and never sent: the request timeout, because the system was too slow to be asked at all and
//   leaving them out would flatter it;
// - failed: nothing. A refusal comes fast; counting it would make an outage look quick. Availability
//   counts it instead.
//
// Percentiles are exact, by nearest rank, over all samples of a slice: a run has some hundred
// thousand operations, which sort in milliseconds, and an objective at the limit must not depend on
// the width of a histogram's bucket.

package import Experiment
package import History

package struct LatencySample: Sendable {
    /// Nanoseconds, ascending.
    private let sorted: [Int64]

    /// `unanswered` is what an operation that was never asked counts with: the request timeout.
    package init(_ operations: some Sequence<Operation>, unanswered: Int64) {
        sorted = operations.compactMap { $0.latency(unanswered: unanswered) }.sorted()
    }

    init(latencies: [Int64]) { sorted = latencies.sorted() }

    package var count: Int { sorted.count }
    package var isEmpty: Bool { sorted.isEmpty }

    /// The smallest latency that at least this share of the samples does not exceed; nil: no samples.
    package func percentile(_ percentile: Objective.Percentile) -> Int64? {
        guard !sorted.isEmpty else { return nil }
        let rank = (sorted.count * percentile.perMille + 999) / 1000
        return sorted[max(rank, 1) - 1]
    }
}

extension Operation {
    /// What the operation counts with in a percentile; nil: it does not count.
    package func latency(unanswered: Int64) -> Int64? {
        switch outcome {
        case .ok: completed.map { $0 - intended }
        case .unknown: completed.map { $0 - intended } ?? unanswered
        case .shed, .neverSent: unanswered
        case .failed: nil
        }
    }
}
