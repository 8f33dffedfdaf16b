// One run from start to verdict:
//
//     stack up -> load on -> warmup, baseline, method, recovery, tail -> load off
//              -> read back what was acknowledged -> stack down -> judge -> write the report
//
// Whatever happens on the way, faults are healed before the stack is taken down, and the stack is
// taken down before the verdict is given.

import Checkers
package import Experiment
import Faults
import History
package import Linux
import Load
package import Reactor
package import Report
import Testbed

/// Where a run finds its programs and puts its files.
package struct ConductorOptions: Sendable {
    /// Folder of all runs, `.faultline/runs`.
    package var runsRoot: String
    /// Path of `faultline-node`.
    package var nodeProgram: String
    /// Path of `faultline`, started again as the load generator.
    package var ownProgram: String
    /// Time that the stack may take to be ready.
    package var startTimeout: Duration = .seconds(30)

    package init(runsRoot: String, nodeProgram: String, ownProgram: String) {
        self.runsRoot = runsRoot
        self.nodeProgram = nodeProgram
        self.ownProgram = ownProgram
    }
}

/// A finished run.
package struct RunResult: Sendable {
    package let folder: RunFolder
    package let report: RunReport
    package let recorded: [RecordedEvent]
    /// Fingerprint of the planned arrivals.
    package let arrivals: String
}

/// Runs one experiment in the sandbox that the process is in.
@ReactorActor
package final class Conductor {
    let plan: ExperimentPlan
    let options: ConductorOptions
    let view: LiveView
    let aborted: AbortSwitch
    let clock: PhaseClock
    let folder: RunFolder
    let started: WallTime
    private let began: MonotonicTime
    var verdict = Verdict(.passed)
    private(set) var arrivals = ""
    private(set) var plannedCount = 0
    /// What the nodes used of the host.
    private(set) var samples: [NodeSample] = []
    private(set) var leaderSpans: [LeaderSpan] = []

    /// Makes the run's folder; nothing is started yet.
    package init(
        _ plan: ExperimentPlan, options: ConductorOptions, view: LiveView, aborted: AbortSwitch
    ) throws(SyscallError) {
        self.plan = plan
        self.options = options
        self.view = view
        self.aborted = aborted
        clock = PhaseClock(plan)
        started = .now()
        began = .now()
        folder = try RunFolder.create(
            under: options.runsRoot, experiment: plan.name, at: started)
    }

    /// Runs to the verdict; never throws, since whatever goes wrong is a verdict too.
    package func run() async -> RunResult {
        var recorded: [RecordedEvent] = []
        do {
            let testbed = try Testbed(seed: plan.seed)
            do {
                recorded = try await run(in: testbed)
            } catch {
                verdict.degrade(to: outcome(of: error), because: "\(error)")
            }
            try await testbed.tearDown()
        } catch {
            verdict.degrade(to: .harnessFailed, because: "\(error)")
        }
        if let signal = aborted.signal {
            verdict.degrade(to: .interrupted(signal: signal.rawValue), because: "\(signal)")
        }
        return finish(recorded)
    }

    private func run(in testbed: Testbed) async throws -> [RecordedEvent] {
        let stack = Stack(
            testbed: testbed, nodeProgram: options.nodeProgram, logsFolder: folder.logs)
        let load = try LoadControl(testbed: testbed, plan.topology)
        view.say("starting \(plan.topology.name)")
        let nodes = plan.topology.plan(folder: folder.nodes, seed: plan.seed)
        try await stack.start(
            nodes, wideArea: plan.topology.wideArea, disks: plan.diskNodes,
            filter: DiskFilterProgram(
                path: options.ownProgram, seed: plan.seed, logsFolder: folder.logs),
            deadline: options.startTimeout)
        try await startLoad(load, stack)
        let epoch = RunEpoch(monotonic: .now() + .milliseconds(50), wall: .now())
        let log = try EventLog(path: folder.timeline, epoch: epoch) { [view] in view.show($0) }
        try await load.begin(at: epoch.monotonic)
        let length = (MonotonicTime.now() - began).nanoseconds / 1_000_000
        view.say("\(nodes.count + 1) processes ready and load on after \(length) ms")

        let method = MethodRunner(
            plan, factory: FaultFactory(stack, clients: [load.node]), log: log,
            start: epoch.monotonic + .nanoseconds(clock.methodStart), aborted: aborted)
        let counters = CounterSampler(stack, plan.objectives.map(\.objective), clock)
        await conduct(method, stack, load, log, counters)
        for problem in method.problems { verdict.degrade(to: .invalid, because: problem) }
        if !aborted.isOn { try await judge(stack, log, counters.readings) }
        return method.recorded
    }

    private func startLoad(_ load: LoadControl, _ stack: Stack) async throws {
        guard let entry = stack.members.first(where: { $0.plan.tier == plan.topology.entry })
        else { preconditionFailure("a validated topology has its entry") }
        let service = plan.topology.loadService
        let loadPlan = LoadPlan(
            seed: plan.seed, duration: .nanoseconds(clock.end), profile: plan.load,
            target: entry.plan.listen, host: service?.name ?? entry.name, history: folder.history,
            latencies: folder.latencies, service: service)
        let planned = loadPlan.arrivals.fingerprint()
        (arrivals, plannedCount) = ("\(planned)", planned.count)
        try await load.start(
            loadPlan, planPath: folder.loadPlan, program: options.ownProgram,
            folder: "\(folder.nodes)/\(load.node.name)", log: stack.log(of: load.node.name))
    }

    /// Everything between the first request and the last.
    private func conduct(
        _ method: MethodRunner, _ stack: Stack, _ load: LoadControl, _ log: EventLog,
        _ counters: CounterSampler
    ) async {
        let counting = Task { @ReactorActor in await counters.run(log, aborted) }
        let metrics = try? MetricsSampler(stack, path: folder.metrics, log: log)
        let sampling = Task { @ReactorActor in await metrics?.run() }
        let leaders = plan.asksForLeaders ? LeaderWatch(stack, log: log) : nil
        let asking = Task { @ReactorActor in await leaders?.run() }
        let phases = Task { @ReactorActor in await announcePhases(log) }
        let watching = Task { @ReactorActor in await watch(method, stack, load, log) }
        await method.run()
        _ = await aborted.sleep(
            until: log.epoch.monotonic + .nanoseconds(clock.end) + .milliseconds(10))
        watchIsOver = true
        await watching.value
        await phases.value
        await counting.value
        metrics?.stop()
        leaders?.stop()
        await sampling.value
        samples = metrics?.resources.samples ?? []
        await asking.value
        leaderSpans = leaders?.spans ?? []
        view.clearStatus()
        note(await load.finish(within: plan.load.timeout + .seconds(10)))
        noteUnexpectedEnds(stack, method)
        if let failure = log.writeFailure {
            verdict.degrade(to: .harnessFailed, because: "timeline: \(failure)")
        }
    }

    /// The generator's own account; what it could not write down cannot be judged.
    private func note(_ last: LoadStats?) {
        guard !aborted.isOn else { return }
        guard let last else {
            verdict.degrade(to: .invalid, because: "the load generator did not end in order")
            return
        }
        if let problem = last.problem { verdict.degrade(to: .invalid, because: problem) }
        if !last.counts.accounted {
            verdict.degrade(to: .invalid, because: "the load generator lost count of its requests")
        }
        if last.fingerprint != arrivals {
            verdict.degrade(to: .invalid, because: "the load generator ran another plan")
        }
    }

    private func announcePhases(_ log: EventLog) async {
        for span in clock.spans where span.length > 0 {
            let due = log.epoch.monotonic + .nanoseconds(span.start)
            guard await aborted.sleep(until: due) else { return }
            log.add(
                TimelineEvent(
                    .phaseStart, step: span.phase.rawValue, planned: span.start, actual: log.now))
        }
    }

    private var watchIsOver = false

    /// The live line, and an eye on processes that end unasked.
    private func watch(
        _ method: MethodRunner, _ stack: Stack, _ load: LoadControl, _ log: EventLog
    ) async {
        while !watchIsOver, !aborted.isOn {
            noteUnexpectedEnds(stack, method)
            if !load.node.isRunning {
                verdict.degrade(to: .invalid, because: "the load generator ended early")
                return
            }
            if let stats = await load.stats(), !watchIsOver {
                let offset = log.now
                view.status(
                    clock.phase(at: offset).rawValue, at: offset, stats, method.standing)
            }
            let end = log.epoch.monotonic + .nanoseconds(clock.end)
            let next = MonotonicTime.now() + view.interval
            if next >= end { return }
            _ = await aborted.sleep(until: next)
        }
    }

    private var endsNoted: Set<String> = []

    /// A node that dies by itself is a finding, not a fault of the plan.
    private func noteUnexpectedEnds(_ stack: Stack, _ method: MethodRunner) {
        for (name, status) in stack.unexpectedEnds(excluding: method.endedOnPurpose)
        where endsNoted.insert(name).inserted {
            verdict.degrade(
                to: .invalid, because: "\(name) ended by itself (\(status)); see logs/\(name).log")
        }
    }

    private func outcome(of error: any Error) -> Verdict.Outcome {
        guard let error = error as? StackError else { return .harnessFailed }
        switch error {
        case .missingProgram, .budget(_, .lacking), .disk(_, .lacking): return .hostLacking
        case .ended, .notReady, .distance: return .invalid
        case .system, .budget(_, .system), .disk(_, .system), .disk(_, .ended):
            return .harnessFailed
        }
    }

    var elapsed: Duration { MonotonicTime.now() - began }
}
