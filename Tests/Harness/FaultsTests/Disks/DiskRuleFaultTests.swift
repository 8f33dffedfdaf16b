// Slow and failing disks on real mounts: each acts on a node's own files, and a rule that is not there
// or a file system that has gone is noticed.

import DiskFilter
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
    .enabled(if: HostCheck.disks().isMet, "the host has no FUSE for us"))
@ReactorActor
struct DiskRuleInSandboxTests {
    private let slow = DiskFault.latency(
        delay: .milliseconds(30), jitter: .milliseconds(5), shape: .uniform,
        DiskScope([.read, .write, .fsync]))
    private let bad = DiskFault.error(
        .inputOutput, ratio: 1, DiskScope([.write, .fsync], path: PathPattern("log")))

    /// Appends a line to its log as often as it can, and counts what failed.
    private static let writer = SmallProgram.shell(
        "while :; do echo x 2>/dev/null >>log || echo x >>failed; sleep 0.01; done")

    @Test func `a slow disk is slow, and quick again`() async throws {
        try await FaultBench.with([.sleeper], disks: true) { bench in
            let proof = try await bench.fault(.disk(slow), on: 1).runThrough()
            #expect(
                proof.acts.map(\.name) == [
                    "node-1 read p50", "node-1 read p50 before", "node-1 write p50",
                    "node-1 write p50 before", "node-1 fsync p50", "node-1 fsync p50 before",
                ])
            #expect(proof.gone.count == 3)
            let left = try File.list("\(bench.folder)/node-1/data")
            #expect(left.isEmpty, "the canary is gone: \(left)")
        }
    }

    @Test func `a disk fails the node's own writes to the files that are meant`() async throws {
        try await FaultBench.with([Self.writer], disks: true) { bench in
            let data = "\(bench.folder)/node-1/data"
            let fault = try bench.fault(.disk(bad), on: 1)
            try await fault.prepare()
            try await fault.inject()
            let proof = try await fault.prove()
            #expect(proof.first?.name == "node-1 write failed with EIO")
            #expect(proof.first?.value == "8 of 8")
            #expect(
                await eventually(within: .seconds(10)) {
                    await offload { File.exists("\(data)/failed") }
                })
            try fault.proveStanding()
            try await fault.heal()
            _ = try await fault.proveHealed()
            let size = try File.contents(of: "\(data)/log").count
            #expect(
                await eventually(within: .seconds(10)) {
                    await offload { (try? File.contents(of: "\(data)/log").count) ?? 0 > size }
                })
        }
    }

    @Test func `a ratio is proven by counting`() async throws {
        let flaky = DiskFault.error(.noSpace, ratio: 0.3, DiskScope([.write, .create]))
        try await FaultBench.with([.sleeper], disks: true) { bench in
            let proof = try await bench.fault(.disk(flaky), on: 1).runThrough()
            #expect(
                proof.acts.map(\.name) == [
                    "node-1 create failed with ENOSPC", "node-1 write failed with ENOSPC",
                ])
        }
    }

    @Test func `a rule that was never ordered is no fault`() async throws {
        try await FaultBench.with([.sleeper], disks: true) { bench in
            let fault = try bench.fault(.disk(slow), on: 1)
            try await fault.prepare()
            await expectUnproven("has no rule") { _ = try await fault.prove() }
        }
    }

    @Test func `a rule that does nothing is not proven by being there`() async throws {
        try await FaultBench.with([.sleeper], disks: true) { bench in
            let member = try bench.member()
            let fault = DiskRuleFault(slow, [member])
            try await fault.prepare()
            try await fault.inject()
            // Another order of the same name: the rule stands and delays nothing.
            let control = try #require(member.node.disk?.control)
            let name = try #require(try control.status()?.rules.first?.name)
            try control.order(.add(name: name, .error(.noSpace, ratio: 1, DiskScope([.remove]))))
            await expectUnproven("of the canary took") { _ = try await fault.prove() }
        }
    }

    @Test func `a fault that was not healed is noticed`() async throws {
        try await FaultBench.with([.sleeper], disks: true) { bench in
            let fault = try bench.fault(.disk(slow), on: 1)
            try await fault.prepare()
            try await fault.inject()
            await expectUnproven("still has the rule") { _ = try await fault.proveHealed() }
        }
    }

    @Test func `a filter that was killed takes its fault with it`() async throws {
        try await FaultBench.with([.sleeper], disks: true) { bench in
            let fault = try bench.fault(.disk(slow), on: 1)
            try await fault.prepare()
            try await fault.inject()
            let filter = try #require(try bench.member().node.disk?.process)
            try filter.signal(.kill)
            _ = await filter.waitForExit(deadline: .now() + .seconds(5))
            await expectUnproven("the disk of node-1 is gone") { try fault.proveStanding() }
        }
    }

    @Test func `a node whose folder is on no file system of ours has no disk fault`() async throws {
        try await FaultBench.with([.sleeper]) { bench in
            let fault = try bench.fault(.disk(slow), on: 1)
            await expectUnproven("on no file system of ours") { try await fault.prepare() }
        }
    }
}
