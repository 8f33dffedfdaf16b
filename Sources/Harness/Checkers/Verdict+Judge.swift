// Computes the verdict of a run from its record: the one place where all checks come together.

package import Experiment
import History

extension Verdict {
    /// Judges a finished run.
    package init(
        of run: RunRecord, objectives: [Objective], settings: JudgeSettings = JudgeSettings()
    ) {
        self.init(.passed)
        let steadyState = SteadyStateFinding(run, unanswered: settings.unanswered)
        let recoveries = Verdict.recoveries(run, settings, baselineP99: steadyState.p99)
        let generator = GeneratorFindings(run, bounds: settings.dispatch)
        data = run.readBack.map { readBack in
            DataFindings(operations: run.operations, readBack: readBack, faults: run.faults)
        }
        let judge = Judge(run: run, settings: settings, recoveries: recoveries, data: data)
        judgements = objectives.map(judge.judge)
        faults = zip(run.faults, recoveries).map(FaultFinding.init)
        phases = run.phases.map { PhaseFigures($0, run, unanswered: settings.unanswered) }
        self.steadyState = steadyState
        self.generator = generator
        weigh(run)
        precondition(outcome != .passed || validity == .valid, "a pass rests on every check")
    }

    private mutating func weigh(_ run: RunRecord) {
        for judgement in judgements {
            switch judgement.validity {
            case .valid: break
            case .invalid: degrade(to: .failed, because: judgement.reason)
            case .unknown: degrade(to: .inconclusive, because: judgement.reason)
            }
        }
        if judgements.isEmpty {
            degrade(to: .inconclusive, because: "there is no objective, so nothing was shown")
        }
        if let problem = steadyState?.problem { degrade(to: .inconclusive, because: problem) }
        for reason in Verdict.unproven(run) { degrade(to: .invalid, because: reason) }
        for problem in generator?.problems ?? [] { degrade(to: .invalid, because: problem) }
    }

    /// Faults that were not shown to have happened and to have gone.
    private static func unproven(_ run: RunRecord) -> [String] {
        let injected = Set(run.faults.map(\.step))
        let missing = run.faultSteps.filter { !injected.contains($0) }
        return missing.map { "\($0): the fault was never injected" }
            + run.faults.compactMap { fault in
                if fault.proved == nil { return "\(fault.title): not proven to have happened" }
                if fault.provedHealed == nil { return "\(fault.title): not proven to be gone" }
                return nil
            }
    }

    private static func recoveries(
        _ run: RunRecord, _ settings: JudgeSettings, baselineP99: Int64?
    ) -> [FaultRecovery] {
        let series = WindowSeries(
            run.operations, until: run.end, width: settings.recovery.windowWidth,
            unanswered: settings.unanswered)
        return run.faults.map { fault in
            guard let baselineP99 else { return FaultRecovery(without: "there is no baseline") }
            let measure = RecoveryMeasure(
                series, criterion: settings.recovery, baselineP99: baselineP99)
            let next = run.faults.map(\.injected).filter { $0 > fault.injected }.min()
            return FaultRecovery(of: fault, measure, horizon: next ?? run.end)
        }
    }
}

extension FaultRecovery {
    init(without reason: String) {
        self.init(
            fromInjection: .noData(reason), fromHeal: .noData(reason), operationsLost: 0)
    }

    init(of fault: FaultRecord, _ measure: RecoveryMeasure, horizon: Int64) {
        let damage = measure.damage(from: fault.injected, to: horizon)
        self.init(
            fromInjection: measure.recovery(from: fault.injected, horizon: horizon),
            fromHeal: fault.healed.map { healed in
                // A fault that outlasts the next one is still judged past its own heal.
                measure.recovery(from: healed, horizon: max(horizon, healed))
            } ?? .noData("it was never healed"),
            trough: damage.trough, latencyPeak: damage.latencyPeak,
            operationsLost: damage.operationsLost)
    }
}

extension PhaseFigures {
    init(_ span: PhaseSpan, _ run: RunRecord, unanswered: Int64) {
        let operations = run.operations.filter { span.contains($0.intended) }
        let sample = LatencySample(operations, unanswered: unanswered)
        let pairs = Objective.Percentile.allCases.compactMap { percentile in
            sample.percentile(percentile).map { (percentile, $0) }
        }
        self.init(
            span: span, count: OutcomeCount(operations),
            latency: Dictionary(uniqueKeysWithValues: pairs))
    }
}
