// Nodes held to a budget: by the kernel's own word, and by what a node then gets.

import Experiment
import Linux
import Reactor
import Testing

@testable import Testbed

@Suite(
    .serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: TestbedTests runs it in one"),
    .enabled(if: HostCheck.budgets().isMet, "this host lets nobody make control groups"))
@ReactorActor
struct SandboxedBudgetTests {
    private let budget = NodeBudget(cpu: 0.1, memory: 64 << 20)

    private func reaches(_ condition: () -> Bool) async -> Bool {
        let deadline = MonotonicTime.now() + .seconds(20)
        while !condition() {
            if .now() > deadline { return false }
            await Reactor.sleep(for: .milliseconds(5))
        }
        return true
    }

    /// The quota and the memory limit as the kernel has them, in either version.
    private func limits(_ group: BudgetGroup) throws -> [String] {
        let cpu = ["cpu.max", "cpu.cfs_quota_us"].map { "\(group.cpu)/\($0)" }
        let memory = ["memory.max", "memory.limit_in_bytes"].map { "\(group.memory)/\($0)" }
        return try [cpu, memory].map { names in
            let path = try #require(names.first(where: File.exists))
            let text = try File.text(of: path)
            return String(text.split(whereSeparator: \.isWhitespace).first ?? "")
        }
    }

    @Test func `the kernel has the limits and holds the node to them`() async throws {
        try await TwoNodes.with { bench in
            try bench.testbed.hold(bench.a, to: budget)
            let group = try #require(bench.a.group)
            #expect(try limits(group) == ["2000", "67108864"])
            try bench.start(bench.a, "/bin/sh", "-c", "while :; do :; done")
            let pid = try #require(bench.a.process?.pid)
            for folder in group.folders {
                let members = try File.text(of: "\(folder)/cgroup.procs")
                #expect(members.split(separator: "\n").contains("\(pid)"))
            }
            #expect(await reaches { (group.usage()?.throttledPeriods ?? 0) >= 20 })
            let usage = try #require(group.usage())
            #expect(usage.throttled > .milliseconds(100))
            #expect((usage.memory ?? 0) > 0)
        }
    }

    @Test func `a node that starts again is held as before`() async throws {
        try await TwoNodes.with { bench in
            try bench.testbed.hold(bench.a, to: budget)
            try bench.start(bench.a, "/bin/sleep", "1000")
            try bench.a.signal(.kill)
            _ = await bench.a.process?.waitForExit(deadline: .now() + .seconds(10))
            try bench.a.restart()
            let group = try #require(bench.a.group)
            let pid = try #require(bench.a.process?.pid)
            let members = try File.text(of: "\(group.cpu)/cgroup.procs")
            #expect(members.split(separator: "\n") == ["\(pid)"])
        }
    }

    @Test func `more memory than the budget ends the node`() async throws {
        try await TwoNodes.with { bench in
            try bench.testbed.hold(bench.a, to: NodeBudget(memory: 16 << 20))
            // tail keeps its last line in memory, and this one does not end.
            try bench.start(bench.a, "/bin/sh", "-c", "exec tail /dev/zero")
            let status = await bench.a.process?.waitForExit(deadline: .now() + .seconds(30))
            #expect(status == .killed(.kill))
            #expect((bench.a.group?.usage()?.kills ?? 0) > 0)
        }
    }

    @Test func `nothing is left of the groups`() async throws {
        var folders: [String] = []
        try await TwoNodes.with { bench in
            try bench.testbed.hold(bench.a, to: budget)
            folders = bench.a.group?.folders ?? []
            try bench.start(bench.a, "/bin/sleep", "1000")
        }
        #expect(!folders.isEmpty)
        for folder in folders { #expect(!File.exists(File.folder(of: folder)), "\(folder)") }
    }

    @Test func `a sweep takes what nobody holds and leaves what somebody does`() async throws {
        try await TwoNodes.with { bench in
            try bench.testbed.hold(bench.a, to: budget)
            let held = File.folder(of: try #require(bench.a.group).cpu)
            let left = File.folder(of: held) + "/faultline-0"
            #expect(try ControlGroups.make(left))
            #expect(try ControlGroups.make(left + "/app-1"))
            #expect(LeftoverGroups.sweep().contains(left))
            #expect(!File.exists(left))
            #expect(File.exists(held))
        }
    }
}
