// Cache flush, on Debian's redis-server: the canary goes, and a flush that was refused is noticed.

import Experiment
import History
import Linux
import Reactor
import Testing

@testable import Faults
@testable import Testbed

@Suite(
    .serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: FaultsTests runs it in one"),
    .enabled(if: Host.hasRedis, "redis-server is not installed"))
@ReactorActor
struct CacheFlushInSandboxTests {
    @Test func `a flushed cache is empty and still answers`() async throws {
        try await FaultBench.with([.redis(), .redis()]) { bench in
            let fault = try bench.fault(.cacheFlush, on: 1, 2)
            let proof = try await fault.runThrough()
            // The canary itself.
            #expect(proof.acts.map(\.value) == ["1", "1"])
        }
    }

    @Test func `a flush that is refused is none`() async throws {
        try await FaultBench.with([.redis("--rename-command", "FLUSHALL", "")]) { bench in
            let fault = try bench.fault(.cacheFlush, on: 1)
            try await fault.prepare()
            await expectUnproven("node-1 refused FLUSHALL") { try await fault.inject() }
            await expectUnproven("outlived the flush") { _ = try await fault.prove() }
        }
    }

    @Test func `a flush that never came is none`() async throws {
        try await FaultBench.with([.redis()]) { bench in
            let fault = try bench.fault(.cacheFlush, on: 1)
            try await fault.prepare()
            await expectUnproven("outlived the flush") { _ = try await fault.prove() }
        }
    }

    @Test func `a cache that dies of its flush is not healed`() async throws {
        try await FaultBench.with([.redis()]) { bench in
            let fault = CacheFlushFault([try bench.member()], readyTimeout: .milliseconds(200))
            try await fault.prepare()
            try await fault.inject()
            let node = try bench.member().node
            try node.signal(.kill)
            _ = await node.process?.waitForExit()
            await expectUnproven("GET") { _ = try await fault.prove() }
            await expectUnproven("does not answer") { _ = try await fault.proveHealed() }
            await expectUnproven("SET") { try await fault.prepare() }
        }
    }
}
