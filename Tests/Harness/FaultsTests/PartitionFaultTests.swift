// Partition, between real namespaces: nothing crosses while the kernel holds the rules, and all of it
// crosses again once they are gone.

import Experiment
import History
import Linux
import Reactor
import Testing

@testable import Faults
@testable import Testbed

@Suite(
    .serialized, .tags(.privileged), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: FaultsTests runs it in one"))
@ReactorActor
struct PartitionInSandboxTests {
    private let pair = [SmallProgram.sleeper, .sleeper]

    private func fault(_ bench: FaultBench) -> PartitionFault {
        PartitionFault(
            [bench.link(1, 2)], network: bench.links, probe: bench.probe,
            healTimeout: .milliseconds(100))
    }

    @Test func `a cut direction carries nothing, and then carries again`() async throws {
        try await FaultBench.with(pair) { bench in
            let fault = try bench.fault(.partition, from: 1, to: 2)
            #expect(fault.targets == ["node-1 -> node-2"])
            let proof = try await fault.runThrough()
            #expect(proof.acts.map(\.value) == ["0 of 3"])
            #expect(proof.gone.map(\.value) == ["3 of 3"])
            #expect(try bench.links.blocked().isEmpty)
        }
    }

    @Test func `rules that somebody takes away cut nothing`() async throws {
        try await FaultBench.with(pair) { bench in
            let fault = fault(bench)
            try fault.inject()
            _ = try await fault.prove()
            try bench.links.unblock([bench.direction(1, 2)])
            await expectUnproven("no rule that cuts node-1 -> node-2") {
                _ = try await fault.prove()
            }
            await expectUnproven("no rule that cuts") { try fault.proveStanding() }
            // Healing what is gone is no error by itself.
            try fault.heal()
            _ = try await fault.proveHealed()
        }
    }

    @Test func `silence without a rule is no partition`() async throws {
        try await FaultBench.with(pair) { bench in
            try bench.links.impair(
                from: bench.address(1), to: bench.address(2), Impairment(loss: .independent(1)))
            let fault = fault(bench)
            await expectUnproven("no rule") { _ = try await fault.prove() }
            await expectUnproven("nothing crosses") { _ = try await fault.proveHealed() }
        }
    }

    @Test func `rules that stay are no heal`() async throws {
        try await FaultBench.with(pair) { bench in
            let fault = fault(bench)
            try fault.inject()
            await expectUnproven("node-1 -> node-2 is still cut") {
                _ = try await fault.proveHealed()
            }
        }
    }

    @Test func `cutting what is cut is refused, with the kernel's reason`() async throws {
        try await FaultBench.with(pair) { bench in
            let (first, second) = (fault(bench), fault(bench))
            try first.inject()
            await expectUnproven("EEXIST") { try second.inject() }
        }
    }
}
