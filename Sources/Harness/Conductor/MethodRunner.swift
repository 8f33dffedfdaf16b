// The method of an experiment, carried out: each step injects its fault at its time, proves it,
// heals it at its time and proves that it is gone. Steps run side by side. When the run is aborted,
// no step heals for itself: what stands is then healed last in, first out.
//
// Targets are settled just before a step fires, from what the nodes then say of their roles, so a
// step that names a leader gets the one that leads at that moment. The injection itself waits for
// the very time.

import Determinism
import Experiment
import Faults
import History
import Linux
import Reactor
import Testbed

/// Where the faults of a method come from.
@ReactorActor
protocol FaultSource: AnyObject {
    /// Settles who is meant by a step's target.
    func resolve(_ step: MethodStep, random: SeededRandom) async throws(FaultError)
        -> ResolvedTarget
    /// The fault of a step on settled targets.
    func fault(_ spec: FaultSpec, on target: ResolvedTarget) throws(FaultError) -> any Fault
}

extension FaultFactory: FaultSource {}

@ReactorActor
final class MethodRunner {
    private let plan: ExperimentPlan
    private let factory: any FaultSource
    private let log: EventLog
    private let start: MonotonicTime
    private let random: SeededRandom
    private let aborted: AbortSwitch
    private var active: [ActiveFault] = []
    /// What went wrong with faults: any makes the run invalid.
    private(set) var problems: [String] = []
    private(set) var recorded: [RecordedEvent] = []

    private struct ActiveFault {
        let step: MethodStep
        let fault: any Fault
        var isProved = false
    }

    /// How long before its time a step settles its target: more than a node that is paused may take
    /// not to answer (`Stack.roster`), less than an election takes.
    private static let settleAhead: Duration = .milliseconds(200)

    /// How late a step may begin or heal. Past it, phases that the plan keeps apart overlap: recovery
    /// would be judged while the fault still acts.
    private static let lateMax: Duration = .milliseconds(500)

    /// `start` is time zero of the method: the end of the baseline.
    init(
        _ plan: ExperimentPlan, factory: any FaultSource, log: EventLog, start: MonotonicTime,
        aborted: AbortSwitch
    ) {
        self.plan = plan
        self.factory = factory
        self.log = log
        self.start = start
        self.aborted = aborted
        random = SeededRandom(seed: plan.seed).fork("method")
    }

    /// Nodes whose process a standing fault has ended on purpose.
    var endedOnPurpose: Set<String> {
        active.reduce(into: []) { $0.formUnion($1.fault.endsProcesses) }
    }

    /// The faults that stand now, for the live line.
    var standing: [String] {
        active.map { "\($0.step.fault.word.rawValue) \($0.fault.targets.first ?? "")" }
    }

    /// Runs every step to its end, or heals what stands when the run is aborted.
    func run() async {
        let steps = plan.method.map { step in
            Task { @ReactorActor in await run(step) }
        }
        for step in steps { await step.value }
        await unwind()
    }

    private func run(_ step: MethodStep) async {
        let due = start + step.at
        guard await aborted.sleep(until: due + (.zero - Self.settleAhead)) else { return }
        do {
            let target = try await factory.resolve(step, random: random.fork("step \(step.id)"))
            let fault = try factory.fault(step.fault, on: target)
            try await fault.prepare()
            guard await aborted.sleep(until: due) else { return }
            try await inject(step, fault, target, due)
            let proof = try await fault.prove()
            note(.proved, step, fault, evidence: proof)
            if let place = active.firstIndex(where: { $0.step.id == step.id }) {
                active[place].isProved = true
            }
        } catch {
            fail(step, "\(step.fault.word.rawValue) \(step.target): \(error)")
        }
        if !step.isMomentary {
            guard await aborted.sleep(until: start + step.end) else { return }
        }
        await heal(step)
    }

    private func inject(
        _ step: MethodStep, _ fault: any Fault, _ target: ResolvedTarget, _ due: MonotonicTime
    ) async throws(FaultError) {
        let began = MonotonicTime.now()
        // Before the injection, since a half-done one must be healed as well.
        active.append(ActiveFault(step: step, fault: fault))
        try await fault.inject()
        let took = MonotonicTime.now() - began
        log.add(
            TimelineEvent(
                .inject, step: step.id, planned: log.epoch.offset(of: due),
                actual: log.epoch.offset(of: began), took: took.nanoseconds,
                fault: step.fault.word.rawValue, target: "\(step.target)", nodes: fault.targets,
                evidence: fault.promise))
        checkPunctual(step, "injected", began - due)
        recorded.append(
            RecordedEvent(
                step: step.id, injected: began - start, healed: nil, nodes: target.nodes,
                links: target.links))
    }

    private func heal(_ step: MethodStep) async {
        guard let index = active.firstIndex(where: { $0.step.id == step.id }) else { return }
        let fault = active[index].fault
        checkStanding(active[index])
        let began = MonotonicTime.now()
        do {
            try await fault.heal()
            let took = MonotonicTime.now() - began
            log.add(
                TimelineEvent(
                    .heal, step: step.id, planned: log.epoch.offset(of: start + step.end),
                    actual: log.epoch.offset(of: began), took: took.nanoseconds,
                    fault: step.fault.word.rawValue, target: "\(step.target)",
                    nodes: fault.targets))
            // What happens at once is over when its proof is, however long that took.
            if !aborted.isOn, !step.isMomentary {
                checkPunctual(step, "healed", began - (start + step.end))
            }
            let place = recorded.firstIndex { $0.step == step.id }
            if let place, !step.isMomentary {
                recorded[place].healed = began - start
            }
            note(.provedHealed, step, fault, evidence: try await fault.proveHealed())
        } catch {
            fail(step, "\(step.fault.word.rawValue) \(step.target) not healed: \(error)")
        }
        active.removeAll { $0.step.id == step.id }
    }

    /// A fault that was gone before its time did not do what the experiment says.
    private func checkStanding(_ active: ActiveFault) {
        guard active.isProved else { return }
        do {
            try active.fault.proveStanding()
        } catch {
            let step = active.step
            fail(step, "\(step.fault.word.rawValue) \(step.target) did not last: \(error)")
        }
    }

    private func checkPunctual(_ step: MethodStep, _ what: String, _ late: Duration) {
        guard late > Self.lateMax else { return }
        let length = late.nanoseconds / 1_000_000
        fail(step, "\(step.fault.word.rawValue) \(step.target) was \(what) \(length) ms late")
    }

    /// Heals whatever still stands, the last injected first.
    private func unwind() async {
        while let last = active.last { await heal(last.step) }
    }

    private func note(
        _ kind: TimelineEvent.Kind, _ step: MethodStep, _ fault: any Fault, evidence: [Evidence]
    ) {
        log.add(
            TimelineEvent(
                kind, step: step.id, actual: log.now, fault: step.fault.word.rawValue,
                target: "\(step.target)", nodes: fault.targets, evidence: evidence))
    }

    private func fail(_ step: MethodStep, _ problem: String) {
        problems.append(problem)
        log.add(
            TimelineEvent(
                .note, step: step.id, actual: log.now, fault: step.fault.word.rawValue,
                target: "\(step.target)", evidence: [Evidence("problem", problem)]))
    }
}
