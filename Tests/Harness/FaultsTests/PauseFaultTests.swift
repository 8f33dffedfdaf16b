// Pause, on real processes: stopped means stopped until the heal, and running again after it.

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
struct PauseInSandboxTests {
    private let soon = Duration.milliseconds(300)

    @Test func `a paused process stands still and then goes on`() async throws {
        try await FaultBench.with([.sleeper, .sleeper]) { bench in
            let pids = bench.stack.members.map { $0.node.process?.pid }
            let fault = try bench.fault(.pause, on: 1, 2)
            let proof = try await fault.runThrough()
            #expect(proof.acts.map(\.value) == ["stopped", "stopped"])
            #expect(!proof.gone.map(\.value).contains("stopped"))
            #expect(bench.stack.members.map { $0.node.process?.pid } == pids)
        }
    }

    @Test(.enabled(if: Host.hasRedis, "redis-server is not installed"))
    func `a paused server answers nothing`() async throws {
        try await FaultBench.with([.redis()]) { bench in
            let fault = try bench.fault(.pause, on: 1)
            try await fault.inject()
            _ = try await fault.prove()
            #expect(await !bench.stack.members[0].isReady())
            try await fault.heal()
            _ = try await fault.proveHealed()
            #expect(await bench.stack.members[0].isReady())
        }
    }

    @Test func `a process that somebody resumes is not paused`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = PauseFault([try bench.member()], stopTimeout: soon)
            try fault.inject()
            _ = try await fault.prove()
            try bench.member().node.signal(.resume)
            await expectUnproven("not stopped") { _ = try await fault.prove() }
            await expectUnproven("not stopped") { try fault.proveStanding() }
        }
    }

    @Test func `a process that nobody resumes is not healed`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = PauseFault([try bench.member()], readyTimeout: soon)
            try fault.inject()
            _ = try await fault.prove()
            await expectUnproven("node-1 is still stopped") { _ = try await fault.proveHealed() }
        }
    }

    @Test func `a process that died meanwhile is neither paused nor healed`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = PauseFault([try bench.member()], stopTimeout: soon, readyTimeout: soon)
            try fault.inject()
            let node = try bench.member().node
            try node.signal(.kill)
            _ = await node.process?.waitForExit()
            await expectUnproven("in state ended") { _ = try await fault.prove() }
            try fault.heal()
            await expectUnproven("does not answer") { _ = try await fault.proveHealed() }
            await expectUnproven("was not running") { try fault.inject() }
        }
    }
}
