// Kill, on real processes: it acts, and a process that lives on or never comes back is noticed.

import Experiment
import History
import Linux
import Reactor
import Testing

@testable import Faults
@testable import Testbed

@Suite(
    .serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: FaultsTests runs it in one"))
@ReactorActor
struct KillInSandboxTests {
    private let soon = Duration.milliseconds(300)

    @Test(arguments: KillSignal.allCases)
    func `a killed process ends by the signal and a new one takes its place`(
        signal: KillSignal
    ) async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let before = try #require(try bench.member().node.process?.pid)
            let fault = try bench.fault(.kill(signal: signal), on: 1)
            #expect(fault.endsProcesses == ["node-1"])
            let proof = try await fault.runThrough()
            #expect(proof.acts.map(\.name) == ["exit of node-1"])
            #expect(proof.acts.first?.value == "killed by SIG\(signal.rawValue)")
            #expect(proof.gone.map(\.name) == ["node-1 ready after"])
            #expect(try bench.member().node.process?.pid != before)
        }
    }

    @Test(.enabled(if: Host.hasRedis, "redis-server is not installed"))
    func `a server is ready again before the heal counts as proven`() async throws {
        try await FaultBench.with([.redis(), .redis()]) { bench in
            _ = try await bench.fault(.kill(signal: .kill), on: 1, 2).runThrough()
            for member in bench.stack.members { #expect(await member.isReady()) }
        }
    }

    @Test func `a signal that was never sent is no kill, nor is the old process a new one`()
        async throws
    {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = KillFault(.kill, [try bench.member()], exitTimeout: soon)
            await expectUnproven("node-1 still runs") { _ = try await fault.prove() }
            await expectUnproven("node-1 runs") { try fault.proveStanding() }
            try fault.heal()
            await expectUnproven("the process that was to end") {
                _ = try await fault.proveHealed()
            }
        }
    }

    @Test func `a signal that the process ignores is no kill`() async throws {
        try await FaultBench.with([.shell("trap '' TERM; sleep 1000 & wait; wait")]) { bench in
            let fault = KillFault(.term, [try bench.member()], exitTimeout: soon)
            // The shell must have set its trap: until then the signal would end it.
            let node = try bench.member().node
            try #require(await eventually(within: .seconds(10)) { ignoresTerm(node) })
            try fault.inject()
            await expectUnproven("still runs after SIGTERM") { _ = try await fault.prove() }
        }
    }

    @Test func `a process that ended otherwise was not killed by the fault`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = KillFault(.kill, [try bench.member()])
            try bench.member().node.signal(.abort)
            await expectUnproven("ended otherwise: killed by SIGABRT") {
                _ = try await fault.prove()
            }
        }
    }

    @Test func `a process that somebody starts again was not down all the time`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = try bench.fault(.kill(signal: .kill), on: 1)
            try await fault.inject()
            _ = try await fault.prove()
            try bench.member().node.restart()
            await expectUnproven("node-1 runs") { try fault.proveStanding() }
        }
    }

    @Test func `a process that does not survive its restart is no heal`() async throws {
        let once = SmallProgram.shell("test -e seen && exit 3; touch seen; exec sleep 1000")
        try await FaultBench.with([once]) { bench in
            let seen = "\(bench.folder)/node-1/data/seen"
            try #require(await eventually(within: .seconds(10)) { File.exists(seen) })
            let fault = try bench.fault(.kill(signal: .kill), on: 1)
            try await fault.inject()
            _ = try await fault.prove()
            try await fault.heal()
            _ = await bench.stack.members[0].node.process?.waitForExit()
            await expectUnproven("ended again after its restart: exit code 3") {
                _ = try await fault.proveHealed()
            }
        }
    }

    @Test func `what does not run cannot be killed`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let node = try bench.member().node
            try node.signal(.kill)
            _ = await node.process?.waitForExit()
            let fault = try bench.fault(.kill(signal: .kill), on: 1)
            await expectUnproven("node-1 was not running") { try await fault.inject() }
        }
    }

    /// The kernel's mask of ignored signals, proc(5); SIGTERM is 15, so bit 14.
    private func ignoresTerm(_ node: Node) -> Bool {
        guard let pid = node.process?.pid, let status = try? File.text(of: "/proc/\(pid)/status"),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigIgn:") }),
            let mask = line.split(separator: "\t").last.flatMap({ UInt64($0, radix: 16) })
        else { return false }
        return mask & 1 << 14 != 0
    }
}
