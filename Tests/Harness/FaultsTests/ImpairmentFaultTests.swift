// Latency and loss, between real namespaces: measured as promised, and not when the rule, the delay
// or the ratio is another.

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
struct ImpairmentInSandboxTests {
    private let three = [SmallProgram.sleeper, .sleeper, .sleeper]

    private func fault(_ bench: FaultBench, _ impairment: Impairment) -> ImpairmentFault {
        ImpairmentFault(
            [bench.link(1, 2)], impairment, network: bench.links, probe: bench.probe,
            untouched: { bench.direction(2, 3) })
    }

    /// Changes the impairment of the same direction without the fault's knowledge.
    private func replace(_ bench: FaultBench, by impairment: Impairment) throws {
        try bench.links.impair(from: bench.address(1), to: bench.address(2), impairment)
    }

    @Test func `a delayed direction is late, another is not, and then neither`() async throws {
        try await FaultBench.with(three) { bench in
            let fault = try bench.fault(
                .latency(delay: .milliseconds(50), jitter: .milliseconds(5)), from: 1, to: 2)
            let proof = try await fault.runThrough()
            #expect(
                proof.acts.map(\.name) == [
                    "delay p50", "delay p50 of the slowest link", "untouched link",
                ])
            #expect(proof.gone.map(\.name) == ["delay after", "packets", "dropped by plan"])
            #expect(try bench.links.impaired().isEmpty)
        }
    }

    @Test func `a lossy direction loses its share, and then nothing`() async throws {
        try await FaultBench.with(three) { bench in
            let fault = try bench.fault(.loss(ratio: 0.2), from: 1, to: 2)
            let proof = try await fault.runThrough()
            #expect(proof.acts.map(\.name) == ["loss", "untouched link"])
            #expect(try bench.links.impaired().isEmpty)
        }
    }

    @Test(arguments: [
        Impairment(delay: .milliseconds(50)), Impairment(loss: 0.1), Impairment(loss: 1),
    ])
    func `without its rule an impairment is none`(impairment: Impairment) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, impairment)
            try fault.inject()
            try bench.links.heal(from: bench.address(1), to: bench.address(2))
            await expectUnproven("no rule that impairs node-1 -> node-2") {
                _ = try await fault.prove()
            }
            await expectUnproven("no rule") { try fault.proveStanding() }
        }
    }

    @Test(arguments: [
        Impairment(delay: .milliseconds(20)), Impairment(delay: .milliseconds(200)), Impairment(),
        Impairment(loss: 1),
    ])
    func `another delay than promised is noticed`(actual: Impairment) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, Impairment(delay: .milliseconds(50)))
            try fault.inject()
            try replace(bench, by: actual)
            await expectUnproven("\(bench.direction(1, 2))") { _ = try await fault.prove() }
        }
    }

    @Test(arguments: [
        (0.01, 0.0),
        (0.1, 0.3),
        (0.5, 0.2),
        (0.9, 1.0),
    ])
    func `another ratio than promised is noticed`(promised: Double, actual: Double) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, Impairment(loss: promised))
            try fault.inject()
            try replace(bench, by: Impairment(loss: actual))
            await expectUnproven("probes lost, promised") { _ = try await fault.prove() }
        }
    }

    @Test func `an untouched link that is as late makes the proof worthless`() async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, Impairment(delay: .milliseconds(50)))
            try fault.inject()
            try bench.links.impair(
                from: bench.address(2), to: bench.address(3),
                Impairment(delay: .milliseconds(50)))
            await expectUnproven("untouched link is no better") { _ = try await fault.prove() }
            try bench.links.block([bench.direction(2, 3)])
            await expectUnproven("nothing arrives over an untouched link") {
                _ = try await fault.prove()
            }
        }
    }

    @Test(arguments: [Impairment(delay: .milliseconds(50)), Impairment(loss: 0.5)])
    func `an impairment that stays is no heal`(impairment: Impairment) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, impairment)
            try fault.inject()
            await expectUnproven("node-1 -> node-2 is still impaired") {
                _ = try await fault.proveHealed()
            }
        }
    }

    @Test func `a direction that is cut meanwhile is healed by its rule alone`() async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, Impairment(delay: .milliseconds(50)))
            try fault.inject()
            try bench.links.block([bench.direction(1, 2)])
            try fault.heal()
            let evidence = try await fault.proveHealed()
            #expect(evidence.first?.value == "not measured, every direction is cut")
        }
    }
}
