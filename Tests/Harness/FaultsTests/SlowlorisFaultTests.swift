// Slowloris, against a plain TCP server: its connections are there while it acts and gone afterwards.

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
struct SlowlorisInSandboxTests {
    @Test func `the connections stand while it acts, and none is left`() async throws {
        try await FaultBench.with([.redis()]) { bench in
            let fault = try bench.fault(.slowloris(connections: 20), on: 1)
            try await fault.inject()
            let acts = try await fault.prove()
            #expect(acts.first?.name == "connections open")
            try fault.proveStanding()
            try await fault.heal()
            let gone = try await fault.proveHealed()
            #expect(gone.map(\.name) == ["connections made"])
            await expectUnproven("no connection is open") { try fault.proveStanding() }
        }
    }

    @Test func `connections that are refused are no attack`() async throws {
        try await FaultBench.with([.redis("--maxclients", "1")]) { bench in
            let node = try bench.member().node
            try node.signal(.kill)
            _ = await node.process?.waitForExit()
            let fault = SlowlorisFault(
                [try bench.member()], connections: 5, proofTimeout: .milliseconds(100))
            fault.inject()
            await expectUnproven("only 0 of 5") { _ = try await fault.prove() }
            await fault.heal()
            await expectUnproven("does not answer") { _ = try await fault.proveHealed() }
        }
    }
}
