// The phases of a run on its own clock: all known beforehand, so that load, faults and judgement
// agree on them without talking to each other.

package import Checkers
package import Experiment
import Linux

/// Offsets of the phases from the run's epoch.
package struct PhaseClock: Sendable {
    package let spans: [PhaseSpan]

    package init(_ plan: ExperimentPlan) {
        let lengths: [(Phase, Duration)] = [
            (.warmup, plan.phases.warmup), (.baseline, plan.phases.baseline),
            (.fault, plan.methodLength), (.recovery, plan.phases.recovery),
            (.tail, plan.phases.tail),
        ]
        var offset: Int64 = 0
        var spans: [PhaseSpan] = []
        for (phase, length) in lengths {
            spans.append(PhaseSpan(phase, from: offset, to: offset + length.nanoseconds))
            offset += length.nanoseconds
        }
        self.spans = spans
    }

    /// When the method's own time begins.
    package var methodStart: Int64 { spans.first { $0.phase == .fault }?.start ?? 0 }

    package var end: Int64 { spans.last?.end ?? 0 }

    /// The phase at an offset; before the start `warmup`, after the end `tail`.
    package func phase(at offset: Int64) -> Phase {
        spans.first { $0.contains(offset) }?.phase ?? (offset < 0 ? .warmup : .tail)
    }
}
