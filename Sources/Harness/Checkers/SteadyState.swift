// The hypothesis of an experiment is that a system in its steady state keeps it. A system that was
// broken before the first fault can show nothing either way, so its run is inconclusive.

package import Experiment

package struct SteadyStateFinding: Hashable, Sendable {
    /// Least availability of the baseline for a run to mean anything.
    package static let availabilityMin = Ratio(billionths: 950_000_000)

    /// Nil: the run has no baseline.
    package var count: OutcomeCount?
    /// Nanoseconds; nil: no samples.
    package var p99: Int64?
    /// Why there is no steady state to compare with; nil: there is one.
    package var problem: String?

    package var validity: Validity { problem == nil ? .valid : .unknown }
}

extension SteadyStateFinding {
    package init(_ run: RunRecord, unanswered: Int64) {
        guard let operations = run.operations(in: .init(phase: .baseline)), !operations.isEmpty
        else {
            problem = "the baseline has no operations, so there is no steady state to compare with"
            return
        }
        let count = OutcomeCount(operations)
        self.count = count
        p99 = LatencySample(operations, unanswered: unanswered).percentile(.p99)
        let minimum = SteadyStateFinding.availabilityMin
        if !minimum.isMet(.greaterOrEqual, part: count.ok, whole: count.planned) {
            problem =
                "no steady state: availability in baseline is "
                + Quantity.share(count.ok, of: count.planned)
        }
    }
}
