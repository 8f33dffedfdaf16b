// An experiment after validation: typed values, nothing left to check and nothing to look up.
//
// Not called `Experiment`, for the module has that name, and a type of the same name would make
// every other name of the module impossible to qualify.

/// A hypothesis about a stack, and the method that puts it to the test.
package struct ExperimentPlan: Sendable, Equatable {
    package var name: String
    package var description: String?
    /// The file that it was read from, as the user named it.
    package var source: String
    /// The text of that file, so that an incident can carry it.
    package var text: String
    package var topology: Topology
    /// Settles every random choice: arrivals, users, targets, packet fates, the nodes' own timers.
    package var seed: UInt64
    package var load: LoadProfile
    package var phases: PhasePlan
    /// In the order of the file; never empty.
    package var method: [MethodStep]
    package var objectives: [LocatedObjective]
    package var recoveryCriterion: RecoveryCriterion

    /// When the last fault heals, counted from the end of `baseline`: the length of `fault`.
    package var methodLength: Duration { method.map(\.end).max() ?? .zero }

    /// From the first planned request to the end of `tail`.
    package var length: Duration {
        phases.warmup + phases.baseline + methodLength + phases.recovery + phases.tail
    }
}

/// How long each phase lasts; the fault phase between `baseline` and `recovery` lasts as long as
/// the method does.
package struct PhasePlan: Sendable, Equatable {
    /// Not judged: connections open, caches fill.
    package var warmup: Duration = .seconds(3)
    /// The steady state; its end is time zero of the method.
    package var baseline: Duration = .seconds(10)
    /// Follows the last heal.
    package var recovery: Duration = .seconds(5)
    package var tail: Duration = .seconds(5)

    package init() {}
}

/// One line of the method: a fault, where, when and for how long.
package struct MethodStep: Sendable, Equatable {
    /// Its number in the method, counted from "1".
    package var id: String
    /// Counted from the end of `baseline`.
    package var at: Duration
    /// `for` in the file; zero for a fault that happens at once.
    package var duration: Duration
    package var fault: FaultSpec
    package var target: Target
    package var location: SourceLocation

    /// When the fault heals.
    package var end: Duration { at + duration }

    /// Whether nothing of the fault is left to be taken away.
    package var isMomentary: Bool { duration == .zero }
}

/// An objective and where it was written.
package struct LocatedObjective: Sendable, Equatable {
    package var objective: Objective
    package var location: SourceLocation
}
