// One phase's stack, up for as long as its trials take, and one load after another against it.

import Blueprint
import Checkers
import Experiment
import History
import Linux
import Load
import Reactor
import Report
import Testbed

/// What one load against a running stack came to.
struct LoadRecord {
    let operations: [Operation]
    /// What the generator planned.
    let planned: Int
    let samples: [NodeSample]
    let epoch: RunEpoch
}

/// Why a load could not be judged at all.
enum LoadProblem: Error, CustomStringConvertible {
    case interrupted
    /// A process ended, or the generator lost count.
    case broken(String)

    var description: String {
        switch self {
        case .interrupted: "interrupted"
        case .broken(let what): what
        }
    }
}

@ReactorActor
final class RunningPhase {
    let topology: Topology
    let stack: Stack
    let load: LoadControl
    private let folder: String
    private let options: ConductorOptions
    private let aborted: AbortSwitch
    private var loadCount = 0

    /// Starts every node of the topology, in a testbed that is still empty.
    init(
        _ topology: Topology, in testbed: Testbed, folder: String, options: ConductorOptions,
        seed: UInt64, aborted: AbortSwitch
    ) async throws {
        self.topology = topology
        self.folder = folder
        self.options = options
        self.aborted = aborted
        try File.makeDirectories("\(folder)/logs")
        stack = Stack(
            testbed: testbed, nodeProgram: options.nodeProgram, logsFolder: "\(folder)/logs")
        load = try LoadControl(testbed: testbed, topology)
        try await stack.start(
            topology.plan(folder: "\(folder)/nodes", seed: seed), wideArea: topology.wideArea,
            deadline: options.startTimeout)
    }

    /// Where the files of the next load go, and the seed that no other load of the phase has.
    func nextFolder(_ name: String) throws(SyscallError) -> String {
        loadCount += 1
        let path = "\(folder)/\(loadCount)-\(name)"
        try File.makeDirectories(path)
        return path
    }

    /// Drives one load from its first request to its last; `meanwhile` runs beside it.
    func drive(
        _ profile: LoadProfile, for length: Duration, seed: UInt64, folder: String,
        expecting ended: @ReactorActor () -> Set<String>,
        meanwhile: @escaping @ReactorActor (EventLog) async -> Void
    ) async throws -> LoadRecord {
        guard let entry = stack.members.first(where: { $0.plan.tier == topology.entry })
        else { preconditionFailure("a validated topology has its entry") }
        let service = topology.loadService
        let plan = LoadPlan(
            seed: seed, duration: length, profile: profile, target: entry.plan.listen,
            host: service?.name ?? entry.name, history: "\(folder)/history.jsonl",
            sessions: "\(self.folder)/sessions.json",
            service: service)
        try await load.start(
            plan, planPath: "\(folder)/load-plan.json", program: options.ownProgram,
            folder: "\(folder)/\(load.node.name)", log: stack.log(of: load.node.name))
        let epoch = RunEpoch(monotonic: .now() + .milliseconds(50), wall: .now())
        let log = try EventLog(path: "\(folder)/timeline.jsonl", epoch: epoch) { _ in }
        try await load.begin(at: epoch.monotonic)
        let metrics = try MetricsSampler(stack, path: "\(folder)/metrics.jsonl", log: log)
        let sampling = Task { @ReactorActor in await metrics.run() }
        let beside = Task { @ReactorActor in await meanwhile(log) }
        _ = await aborted.sleep(until: epoch.monotonic + length + .milliseconds(10))
        await beside.value
        metrics.stop()
        await sampling.value
        let last = await load.finish(within: profile.timeout + .seconds(10))
        if aborted.isOn { throw LoadProblem.interrupted }
        try check(last, excluding: ended())
        return LoadRecord(
            operations: try HistoryReader.read(path: plan.history ?? "").operations,
            planned: plan.arrivals.fingerprint().count, samples: metrics.resources.samples,
            epoch: epoch)
    }

    private func check(_ last: LoadStats?, excluding ended: Set<String>) throws(LoadProblem) {
        guard let last else { throw .broken("the load generator did not end in order") }
        if let problem = last.problem { throw .broken(problem) }
        if !last.counts.accounted { throw .broken("the load generator lost count") }
        if let (name, status) = stack.unexpectedEnds(excluding: ended).first {
            throw .broken("\(name) ended by itself (\(status)); see \(stack.log(of: name))")
        }
    }

    /// Waits until what a load left behind is done, so that the next starts from rest: orders in the queue,
    /// and requests that nobody waits for any more. After an overload those are seconds of work, which the
    /// next trial would be blamed for.
    func settle(within limit: Duration) async {
        let deadline = MonotonicTime.now() + limit
        if !topology.tiers(serving: .queue).isEmpty, !topology.tiers(serving: .worker).isEmpty {
            _ = await QueueReading(stack, topology).isDrained(within: limit, aborted)
        }
        while !(await isAtRest()), .now() < deadline, !aborted.isOn {}
    }

    /// Whether every node leaves half of its budget unused for a moment.
    private func isAtRest() async -> Bool {
        let (before, began) = (ran, MonotonicTime.now())
        _ = await aborted.sleep(until: began + .milliseconds(300))
        let (after, elapsed) = (ran, (MonotonicTime.now() - began).seconds)
        return stack.members.allSatisfy { member in
            guard let early = before[member.name], let late = after[member.name] else {
                return true
            }
            return (late - early).seconds / elapsed < (member.plan.budget?.cpu ?? 1) / 2
        }
    }

    /// By node, its time on a core so far.
    private var ran: [String: Duration] {
        stack.members.reduce(into: [:]) { ran, member in
            guard let process = member.node.process, process.isRunning else { return }
            ran[member.name] = ProcessLoad(pid: process.pid)?.ran
        }
    }
}
