// The verdict on a run: what every part of the record says, and the one exit code that follows. A run
// passes only when all of it agrees: objectives held, faults proven, steady state there, load as
// planned.

package import Experiment
package import History

package struct Verdict: Sendable {
    package var outcome: Outcome
    /// Why it is not a pass, worst first; empty for a pass.
    package var reasons: [String]
    package var judgements: [Judgement] = []
    package var faults: [FaultFinding] = []
    package var phases: [PhaseFigures] = []
    package var generator: GeneratorFindings?
    package var steadyState: SteadyStateFinding?
    package var data: DataFindings?
    /// Nil: no node was sampled.
    package var bottleneck: Bottleneck?

    /// A verdict without a run, or one that is yet to be filled.
    package init(_ outcome: Outcome, reasons: [String] = []) {
        self.outcome = outcome
        self.reasons = reasons
    }

    package var exitCode: Int32 { outcome.exitCode }

    /// The worst of all checks that were made; those that were not made are unknown.
    package var validity: Validity {
        let proofs = faults.map { $0.record.isProven ? Validity.valid : .invalid }
        let ofRun = [generator?.validity ?? .unknown, steadyState?.validity ?? .unknown]
        return .worst(of: [.worst(of: judgements.map(\.validity))] + ofRun + proofs)
    }

    /// The reasons that lie in the run itself and in no single objective.
    package var runReasons: [String] {
        let ofObjectives = Set(judgements.map(\.reason))
        return reasons.filter { !ofObjectives.contains($0) }
    }
}

extension Verdict {
    package enum Outcome: Hashable, Sendable {
        case passed
        /// An objective does not hold.
        case failed
        /// There is not enough data to say.
        case inconclusive
        /// The run was not what the experiment says: a fault not proven, a load not as planned.
        case invalid
        case badExperiment
        case hostLacking
        case harnessFailed
        /// Ended by this signal, after healing.
        case interrupted(signal: Int32)

        /// The exit codes of the contract.
        package var exitCode: Int32 {
            switch self {
            case .passed: 0
            case .failed: 1
            case .inconclusive, .invalid: 2
            case .badExperiment: 3
            case .hostLacking: 4
            case .harnessFailed: 5
            case .interrupted(let signal): 128 + signal
            }
        }

        package var word: String {
            switch self {
            case .passed: "passed"
            case .failed: "failed"
            case .inconclusive: "inconclusive"
            case .invalid: "invalid"
            case .badExperiment: "bad-experiment"
            case .hostLacking: "host-lacking"
            case .harnessFailed: "harness-failed"
            case .interrupted: "interrupted"
            }
        }

        /// Rank in the order of trust: where several apply, the greatest wins.
        ///
        /// The harness's own failure outranks a signal, because a run that was interrupted and could
        /// not heal has to say so.
        private var severity: Int32 {
            switch self {
            case .passed: 0
            case .failed: 1
            case .inconclusive: 2
            case .invalid: 3
            case .badExperiment: 4
            case .interrupted: 5
            case .hostLacking: 6
            case .harnessFailed: 7
            }
        }

        package func worse(_ other: Outcome) -> Outcome {
            other.severity > severity ? other : self
        }
    }

    /// Records something that speaks against the run; the worst outcome stays.
    package mutating func degrade(to outcome: Outcome, because reason: String) {
        let worse = self.outcome.worse(outcome)
        if worse == outcome { reasons.insert(reason, at: 0) } else { reasons.append(reason) }
        self.outcome = worse
    }
}

/// A fault, and how the system took it.
package struct FaultFinding: Hashable, Sendable {
    package var record: FaultRecord
    package var recovery: FaultRecovery
}

/// What a phase looked like.
package struct PhaseFigures: Hashable, Sendable {
    package var span: PhaseSpan
    package var count: OutcomeCount
    /// Nanoseconds, for those percentiles that have samples.
    package var latency: [Objective.Percentile: Int64]
}

extension FaultRecord {
    /// The fault and where it fell, as `kill store-1-2`; a long list of links is named as the
    /// experiment names it.
    package var title: String {
        let place = nodes.isEmpty || nodes.count > 2 ? target : nodes.joined(separator: ", ")
        return place.isEmpty ? fault : "\(fault) \(place)"
    }
}
