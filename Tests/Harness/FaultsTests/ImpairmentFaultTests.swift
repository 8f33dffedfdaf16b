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

    /// Changes what a fault laid without its knowledge.
    private func replace(
        _ bench: FaultBench, _ fault: ImpairmentFault, by impairment: Impairment
    ) throws {
        try bench.links.impair([bench.direction(1, 2)], impairment, as: fault.layer)
    }

    @Test func `a delayed direction is late, another is not, and then neither`() async throws {
        try await FaultBench.with(three) { bench in
            let fault = try bench.fault(
                .link(
                    .latency, Impairment(delay: .milliseconds(50), jitter: .milliseconds(5))),
                from: 1, to: 2)
            let proof = try await fault.runThrough()
            #expect(
                proof.acts.map(\.name) == [
                    "delay p50", "delay p50 of the slowest link", "delay p10 to p90",
                    "untouched link",
                ])
            #expect(proof.gone.map(\.name) == ["delay after", "packets", "dropped by plan"])
            #expect(try bench.links.impaired().isEmpty)
        }
    }

    @Test func `a lossy direction loses its share, and then nothing`() async throws {
        try await FaultBench.with(three) { bench in
            let fault = try bench.fault(
                .link(.loss, Impairment(loss: .independent(0.2))), from: 1, to: 2)
            let proof = try await fault.runThrough()
            #expect(proof.acts.map(\.name) == ["lost", "untouched link"])
            #expect(try bench.links.impaired().isEmpty)
        }
    }

    @Test(arguments: [
        Impairment(delay: .milliseconds(50)), Impairment(loss: .independent(0.1)),
        Impairment(loss: .independent(1)),
    ])
    func `without its rule an impairment is none`(impairment: Impairment) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, impairment)
            try fault.inject()
            try bench.links.heal([bench.direction(1, 2)], as: fault.layer)
            await expectUnproven("no rule that impairs node-1 -> node-2") {
                _ = try await fault.prove()
            }
            await expectUnproven("no rule") { try fault.proveStanding() }
        }
    }

    @Test(arguments: [
        Impairment(delay: .milliseconds(20)), Impairment(delay: .milliseconds(200)), Impairment(),
        Impairment(loss: .independent(1)),
    ])
    func `another delay than promised is noticed`(actual: Impairment) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, Impairment(delay: .milliseconds(50)))
            try fault.inject()
            try replace(bench, fault, by: actual)
            await expectUnproven("\(bench.direction(1, 2))") { _ = try await fault.prove() }
        }
    }

    @Test(arguments: [
        (0.01, 0.2),
        (0.1, 0.3),
        (0.5, 0.2),
        (0.9, 1.0),
    ])
    func `another ratio than promised is noticed`(promised: Double, actual: Double) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, Impairment(loss: .independent(promised)))
            try fault.inject()
            try replace(bench, fault, by: Impairment(loss: .independent(actual)))
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

    @Test(arguments: [Impairment(delay: .milliseconds(50)), Impairment(loss: .independent(0.5))])
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

    @Test(arguments: [
        (LinkFaultWord.loss, Impairment(loss: .everyNth(5)), "lost"),
        (.loss, Impairment(loss: .gilbertElliott(GilbertElliott(p: 0.05, r: 0.3))), "lost"),
        (.duplicate, Impairment(duplicate: 0.3), "doubled"),
        (.corrupt, Impairment(corruption: Corruption(ratio: 0.2)), "lost"),
        (
            .corrupt, Impairment(corruption: Corruption(ratio: 0.2, checksum: .repaired)),
            "damaged"
        ),
        (
            .reorder,
            Impairment(reordering: Reordering(ratio: 0.2, delay: .milliseconds(20))),
            "held back"
        ),
        (.rate, Impairment(rate: RateLimit(bitsPerSecond: 10_000_000)), "rate"),
        (
            .latency,
            Impairment(
                delay: Delay(
                    .milliseconds(40), jitter: .milliseconds(10), distribution: .normal,
                    keepsOrder: false)), "delay p10 to p90"
        ),
    ])
    func `every impairment is seen to act, and to be gone`(
        word: LinkFaultWord, impairment: Impairment, evidence: String
    ) async throws {
        try await FaultBench.with(three) { bench in
            let fault = try bench.fault(.link(word, impairment), from: 1, to: 2)
            let proof = try await fault.runThrough()
            #expect(proof.acts.contains { $0.name == evidence }, "\(proof.acts)")
            #expect(try bench.links.impaired().isEmpty)
        }
    }

    @Test(arguments: [
        (Impairment(duplicate: 0.3), Impairment(duplicate: 0.05), "probes doubled"),
        (
            Impairment(corruption: Corruption(ratio: 0.2)), Impairment(loss: .independent(0.2)),
            "no receiver has seen a wrong checksum"
        ),
        (
            Impairment(corruption: Corruption(ratio: 0.2, checksum: .repaired)),
            Impairment(corruption: Corruption(ratio: 0.2)), "probes damaged"
        ),
        (
            Impairment(reordering: Reordering(ratio: 0.2, delay: .milliseconds(20))),
            Impairment(), "probes held back"
        ),
        (
            Impairment(rate: RateLimit(bitsPerSecond: 10_000_000)),
            Impairment(rate: RateLimit(bitsPerSecond: 20_000_000)), "promised 10.000Mbit/s"
        ),
        (
            Impairment(rate: RateLimit(bitsPerSecond: 10_000_000)),
            Impairment(rate: RateLimit(bitsPerSecond: 5_000_000)), "promised 10.000Mbit/s"
        ),
    ])
    func `another impairment than promised is noticed`(
        promised: Impairment, actual: Impairment, complaint: String
    ) async throws {
        try await FaultBench.with(three) { bench in
            let fault = fault(bench, promised)
            try fault.inject()
            try replace(bench, fault, by: actual)
            await expectUnproven(complaint) { _ = try await fault.prove() }
        }
    }

    @Test func `two faults on one link are proven and healed each for itself`() async throws {
        try await FaultBench.with(three) { bench in
            let late = fault(bench, Impairment(delay: .milliseconds(30)))
            let lossy = fault(bench, Impairment(loss: .independent(0.3)))
            try late.inject()
            try lossy.inject()
            _ = try await late.prove()
            _ = try await lossy.prove()
            try late.heal()
            _ = try await late.proveHealed()
            _ = try await lossy.prove()
            await expectUnproven("no rule") { try late.proveStanding() }
            try lossy.heal()
            _ = try await lossy.proveHealed()
            #expect(try bench.links.detoured().isEmpty)
        }
    }
}
