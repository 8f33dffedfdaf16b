// What the harness did to the system and when: the run's one timeline, planned against actual. The
// verdict, the report and a replay all read faults from here and from nowhere else, so a fault that
// left no event did not happen.
//
// The rule for faults: every `inject` is followed by `proved`, `heal` and `proved-healed` of the same
// step. A fault that is over at once, such as a flushed cache, writes all four. What is missing is
// what could not be shown.

package import Linux

/// One line of timeline.jsonl.
package struct TimelineEvent: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case phaseStart = "phase-start"
        case inject
        case proved
        case heal
        case provedHealed = "proved-healed"
        case restart
        case note
        case abort
    }

    package var kind: Kind
    /// Which step of the method this belongs to, such as `method[0]`; the phase's name for a phase.
    package var step: String
    /// When the plan wanted it, in nanoseconds since the run's epoch; nil: it was not planned ahead.
    package var planned: Int64?
    /// When it was done, in nanoseconds since the run's epoch; for `inject`, when it began to act.
    package var actual: Int64
    /// How long the action itself took, in nanoseconds: the cost of injecting, not of the fault.
    package var took: Int64?
    /// Name of the fault, such as `kill`.
    package var fault: String?
    /// The target as the experiment has it.
    package var target: String?
    /// The nodes or links that the target turned out to be.
    package var nodes: [String]
    /// What was promised, measured or noted, in the order of importance.
    package var evidence: [Evidence]

    package init(
        _ kind: Kind, step: String, planned: Int64? = nil, actual: Int64, took: Int64? = nil,
        fault: String? = nil, target: String? = nil, nodes: [String] = [],
        evidence: [Evidence] = []
    ) {
        self.kind = kind
        self.step = step
        self.planned = planned
        self.actual = actual
        self.took = took
        self.fault = fault
        self.target = target
        self.nodes = nodes
        self.evidence = evidence
    }

    /// A named observation, such as `delay` `50.2ms`.
    package struct Evidence: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// The moment that the times of a run count from, on both clocks, read once.
///
/// Wall times of events are the epoch's wall time plus monotonic time passed, so that a clock that is
/// set during the run moves no event.
package struct RunEpoch: Hashable, Sendable {
    package let monotonic: MonotonicTime
    package let wall: WallTime

    package init(monotonic: MonotonicTime, wall: WallTime) {
        self.monotonic = monotonic
        self.wall = wall
    }

    package static func now() -> RunEpoch { RunEpoch(monotonic: .now(), wall: .now()) }

    /// Nanoseconds since the epoch.
    package func offset(of time: MonotonicTime) -> Int64 {
        time.nanoseconds - monotonic.nanoseconds
    }

    package func wallTime(at offset: Int64) -> WallTime {
        WallTime(nanoseconds: wall.nanoseconds + offset)
    }
}
