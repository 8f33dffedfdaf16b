// One rung: the search for the highest rate in a running stack, then the kills at half of it.

import Checkers
import Determinism
import Experiment
import Faults
import History
import Linux
import Reactor
import Report
import Testbed

@ReactorActor
struct PhaseClimb {
    let plan: LadderPlan
    let phase: RunningPhase
    let view: LiveView
    let aborted: AbortSwitch

    private var name: String { phase.topology.name }

    /// Fills a rung with what was measured; stops early, and says so, at the first problem.
    func climb(_ rung: inout LadderRung) async throws {
        try await search(&rung)
        guard let rate = rung.result?.rate else { return }
        for member in phase.topology.membersToKill.prefix(plan.killsMax) {
            try await kill(member, at: max(1, (rate / 2).rounded()), &rung)
        }
    }

    // MARK: Search

    private func search(_ rung: inout LadderRung) async throws {
        var search = plan.rateSearch
        var pressed = Pressed()
        while case .trial(let rate, let purpose) = search.step {
            let (trial, bottleneck) = try await trial(rate, purpose)
            pressed.add(bottleneck, at: rate, trial.outcome)
            rung.trials.append(trial)
            view.say("  \(name)  \(trial.text)")
            search.record(trial.outcome)
            await phase.settle(within: plan.lengths.settling)
        }
        guard case .finished(let result) = search.step else { return }
        rung.result = result
        rung.costs =
            rung.trials.last { $0.rate == result.rate && $0.outcome == .held }?.costs ?? []
        rung.bottleneck = pressed.bottleneck
    }

    /// Each trial has a seed of its own: a rate that holds for one plan of arrivals alone does not hold.
    private func trial(
        _ rate: Double, _ purpose: RateSearch.Purpose
    ) async throws -> (LadderTrial, Bottleneck) {
        let folder = try phase.nextFolder("\(purpose.rawValue)-\(Int(rate.rounded()))")
        var profile = plan.load
        profile.rate = rate
        let length = plan.lengths.warmup + plan.lengths.trial
        let record = try await phase.drive(
            profile, for: length, seed: seed(of: folder), folder: folder, expecting: { [] },
            meanwhile: { _ in })
        let warm = plan.lengths.warmup.nanoseconds
        let run = RunRecord(
            operations: record.operations, planned: record.planned,
            phases: [
                PhaseSpan(.warmup, from: 0, to: warm),
                PhaseSpan(.baseline, from: warm, to: length.nanoseconds),
            ])
        let verdict = Verdict(of: run, objectives: plan.objectives, settings: settings)
        let end = length.nanoseconds + 1_000_000_000
        var trial = LadderTrial(rate, purpose, verdict)
        trial.costs = TierCost.costs(record.samples, in: warm..<end, at: rate)
        return (trial, Bottleneck(record.samples, in: warm..<end))
    }

    private var settings: JudgeSettings {
        var settings = JudgeSettings()
        settings.unanswered = plan.load.timeout.nanoseconds
        return settings
    }

    private func seed(of folder: String) -> UInt64 {
        let name = folder.split(separator: "/").suffix(2).joined(separator: "/")
        var random = SeededRandom(seed: plan.seed).fork(name)
        return random.next()
    }

    // MARK: Kill

    private func kill(
        _ member: WeakMember, at rate: Double, _ rung: inout LadderRung
    ) async throws {
        let folder = try phase.nextFolder("kill-\(member.tier)")
        var profile = plan.load
        profile.rate = rate
        let experiment = ExperimentPlan.oneKill(
            of: member, for: plan.lengths.outage, in: phase.topology, seed: seed(of: folder),
            load: profile, phases: plan.killPhases)
        let clock = PhaseClock(experiment)
        let killing = Killing(experiment, phase, clock, aborted)
        let record = try await phase.drive(
            profile, for: experiment.length, seed: experiment.seed, folder: folder,
            expecting: { killing.endedOnPurpose }, meanwhile: { await killing.run($0) })
        let readBack = await ReadBackRunner(phase.stack, experiment, aborted: aborted)?
            .run(record.operations)
        if aborted.isOn { throw LoadProblem.interrupted }
        let run = RunRecord(
            operations: record.operations, planned: record.planned, phases: clock.spans,
            faults: FaultRecord.records(of: killing.events), faultSteps: ["1"],
            readBack: readBack)
        let verdict = Verdict(of: run, objectives: [], settings: settings)
        let problems = killing.problems + (verdict.generator?.problems ?? [])
        rung.problems += problems.map { "kill of \(member.target): \($0)" }
        guard let cost = KillCost(verdict, operations: record.operations, rate: rate) else {
            rung.problems.append("kill of \(member.target): it was never injected")
            return
        }
        rung.kills.append(LadderKill(member: member, cost: cost))
        view.say("  \(name)  \(LadderKill(member: member, cost: cost).text)")
        await phase.settle(within: plan.lengths.settling)
    }
}

/// The bottleneck at the lowest rate that a tier was saturated at; else where it was nearest.
private struct Pressed {
    private(set) var bottleneck: LadderBottleneck?

    /// At a rate that held the system coped, so of two rates the one that did not tells more.
    mutating func add(_ found: Bottleneck, at rate: Double, _ outcome: RateSearch.Outcome) {
        guard let first = found.first else { return }
        let new = LadderBottleneck(rate: rate, finding: first)
        guard let old = bottleneck else { return bottleneck = new }
        switch (old.finding.saturatedSince, first.saturatedSince) {
        case (nil, _?): bottleneck = new
        case (_?, _?) where rate < old.rate: bottleneck = new
        case (nil, nil) where first.pressure > old.finding.pressure: bottleneck = new
        default: break
        }
    }
}

/// The method runner of one kill, and what it left.
@ReactorActor
private final class Killing {
    private let plan: ExperimentPlan
    private let phase: RunningPhase
    private let clock: PhaseClock
    private let aborted: AbortSwitch
    private var runner: MethodRunner?
    private(set) var events: [TimelineEvent] = []

    init(
        _ plan: ExperimentPlan, _ phase: RunningPhase, _ clock: PhaseClock, _ aborted: AbortSwitch
    ) {
        self.plan = plan
        self.phase = phase
        self.clock = clock
        self.aborted = aborted
    }

    var endedOnPurpose: Set<String> { runner?.endedOnPurpose ?? [] }
    var problems: [String] { runner?.problems ?? [] }

    func run(_ log: EventLog) async {
        let runner = MethodRunner(
            plan, factory: FaultFactory(phase.stack, clients: [phase.load.node]), log: log,
            start: log.epoch.monotonic + .nanoseconds(clock.methodStart), aborted: aborted)
        self.runner = runner
        await runner.run()
        events = log.events
    }
}
