// Everything that a verdict is computed from, and nothing else: no file, clock or process. The same
// record always gets the same verdict, whether it comes from a run just ended or from its files.

package import Experiment
package import History

/// A part of the run as it took place; operations belong to it by their intended time.
package struct PhaseSpan: Hashable, Sendable {
    package var phase: Phase
    /// Nanoseconds since the run's epoch, from `start` up to and without `end`.
    package var start: Int64
    package var end: Int64

    package init(_ phase: Phase, from start: Int64, to end: Int64) {
        precondition(start <= end, "a phase ends after it starts")
        self.phase = phase
        self.start = start
        self.end = end
    }

    package var length: Int64 { end - start }

    package func contains(_ time: Int64) -> Bool { time >= start && time < end }
}

package struct RunRecord: Sendable {
    /// One for each arrival of the plan, by index.
    package var operations: [Operation]
    /// Arrivals that the plan had; operations that are missing from the record are noticed by it.
    package var planned: Int
    package var phases: [PhaseSpan]
    package var faults: [FaultRecord]
    /// Steps of the method that inject a fault; one without a record never happened.
    package var faultSteps: [String]
    /// What was read after recovery; nil: nothing was, so no claim on data can hold.
    package var readBack: ReadBack?
    /// What nodes told about themselves at the bounds of the phases.
    package var counters: [CounterReading] = []
    /// Who was seen to lead which group of replicas, and when; nobody was asked where it is empty.
    package var leaders: [LeaderSpan]

    package init(
        operations: [Operation], planned: Int, phases: [PhaseSpan], faults: [FaultRecord] = [],
        faultSteps: [String] = [], readBack: ReadBack? = nil, leaders: [LeaderSpan] = []
    ) {
        self.operations = operations
        self.planned = planned
        self.phases = phases
        self.faults = faults.sorted { $0.injected < $1.injected }
        self.faultSteps = faultSteps
        self.readBack = readBack
        self.leaders = leaders
    }
}

extension RunRecord {
    package func span(of phase: Phase) -> PhaseSpan? {
        phases.first { $0.phase == phase }
    }

    /// When judging starts: at the end of the warm-up.
    package var judgedFrom: Int64 { span(of: .warmup)?.end ?? phases.map(\.start).min() ?? 0 }

    /// When the load ends: what is intended later is not part of the plan.
    package var end: Int64 { phases.map(\.end).max() ?? 0 }

    /// The time that a slice is about; nil: the run has no such phase.
    package func interval(of slice: Objective.Slice) -> Range<Int64>? {
        guard let phase = slice.phase else {
            return judgedFrom < end ? judgedFrom..<end : nil
        }
        guard let span = span(of: phase), span.length > 0 else { return nil }
        return span.start..<span.end
    }

    /// The operations that a slice is about, by intended time; nil: the run has no such phase.
    package func operations(in slice: Objective.Slice) -> [Operation]? {
        guard let interval = interval(of: slice) else { return nil }
        return operations.filter { operation in
            interval.contains(operation.intended)
                && (slice.journey == nil || slice.journey == operation.journey)
        }
    }
}
