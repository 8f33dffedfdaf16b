// From a step to a fault: targets by the roles that the nodes claim when it fires.

import Determinism
import Experiment
import History
import Linux
import Reactor
import Testing

@testable import Experiment
@testable import Faults
@testable import Testbed

@Suite(
    .serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: FaultsTests runs it in one"))
@ReactorActor
struct FactoryInSandboxTests {
    private func step(_ fault: FaultSpec, _ target: Target) -> MethodStep {
        MethodStep(
            id: "1", at: .zero, duration: .zero, fault: fault, target: target, location: .file("x"))
    }

    /// Three nodes; what each says of its role is in a file of its data folder.
    private var replicas: [SmallProgram] {
        (1...3).map { index in
            var program = SmallProgram.sleeper
            program.roleProbe = .command(["sh", "-c", "echo \(index == 2 ? "leader" : "follower")"])
            return program
        }
    }

    @Test func `a leader is who says so, by a command of its own`() async throws {
        try await FaultBench.with(replicas) { bench in
            let leader = Target.nodes(.init(.all, of: .init("node", role: .leader)))
            let random = SeededRandom(seed: 1)
            let target = try await bench.factory.resolve(step(.pause, leader), random: random)
            #expect(target.nodes == ["node-2"])
            let followers = Target.nodes(.init(.all, of: .init("node", role: .follower)))
            let others = try await bench.factory.resolve(step(.pause, followers), random: random)
            #expect(others.nodes == ["node-1", "node-3"])
        }
    }

    @Test func `a leader that is dead is nobody`() async throws {
        try await FaultBench.with(replicas) { bench in
            let node = try bench.member(2).node
            try node.signal(.kill)
            _ = await node.process?.waitForExit()
            let leader = Target.nodes(.init(.all, of: .init("node", role: .leader)))
            await expectUnproven("no node matches") {
                _ = try await bench.factory.resolve(
                    step(.pause, leader), random: SeededRandom(seed: 1))
            }
        }
    }

    @Test func `the same seed hits the same node`() async throws {
        try await FaultBench.with(replicas) { bench in
            let one = Target.nodes(.init(.count(1), of: .init("node")))
            var hits: [[String]] = []
            for seed in [UInt64(1), 1, 2, 3, 4, 5, 6, 7] {
                hits.append(
                    try await bench.factory.resolve(
                        step(.pause, one), random: SeededRandom(seed: seed)
                    ).nodes)
            }
            #expect(hits[0] == hits[1])
            #expect(Set(hits).count > 1)
        }
    }

    @Test func `isolating a node cuts it off both ways`() async throws {
        try await FaultBench.with(replicas) { bench in
            let isolate = Target.links(.isolate(.init(.all, of: .init("node-3"))))
            let target = try await bench.factory.resolve(
                step(.partition, isolate), random: SeededRandom(seed: 1))
            let fault = try bench.factory.fault(.partition, on: target)
            #expect(fault.targets.count == 4)
            let proof = try await fault.runThrough()
            #expect(proof.acts.map(\.value) == ["0 of 12"])
        }
    }

    @Test func `a command that fails or lasts is no answer`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let probe = try bench.member().probe
            #expect(await probe.passes(.command(["true"]), within: .seconds(5)))
            #expect(await !probe.passes(.command(["false"]), within: .seconds(5)))
            #expect(await !probe.passes(.command(["no-such-program"]), within: .seconds(5)))
            #expect(await !probe.passes(.command(["sleep", "30"]), within: .milliseconds(100)))
            #expect(try bench.member().node.commands.isEmpty)
        }
    }
}
