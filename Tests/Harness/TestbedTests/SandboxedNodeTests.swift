// Processes in nodes: what they may do, where they live, and how they are stopped and judged.

import Linux
import Reactor
import Testing

@testable import Testbed

@Suite(
    .serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: TestbedTests runs it in one"))
@ReactorActor
struct SandboxedNodeTests {
    private var deadline: MonotonicTime { .now() + .seconds(10) }

    /// Runs a program to its end in node a and returns what it printed.
    private func output(_ bench: TwoNodes, _ arguments: String...) async throws -> String {
        try bench.a.start(
            Program(
                arguments: arguments, workingFolder: bench.folder, log: "\(bench.folder)/a.log"))
        let status = await bench.a.process?.waitForExit(deadline: deadline)
        #expect(status == .exited(0))
        return try bench.log(of: bench.a)
    }

    /// The value of one line of /proc/<pid>/status.
    private func field(_ name: String, in status: String) -> String? {
        status.split(separator: "\n").first { $0.hasPrefix(name + ":") }?
            .split(separator: "\t").last.map(String.init)
    }

    @Test func `a child holds no capability and can gain none`() async throws {
        try await TwoNodes.with { bench in
            let status = try await output(bench, "/bin/cat", "/proc/self/status")
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                #expect(field(set, in: status) == "0000000000000000", "\(set)")
            }
            #expect(field("NoNewPrivs", in: status) == "1")
        }
    }

    @Test func `a child starts with no signal blocked or ignored`() async throws {
        try await TwoNodes.with { bench in
            let status = try await output(bench, "/bin/cat", "/proc/self/status")
            #expect(field("SigBlk", in: status) == "0000000000000000")
            #expect(field("SigIgn", in: status) == "0000000000000000")
        }
    }

    @Test func `a child gets no descriptor but its log and an empty input`() async throws {
        try await TwoNodes.with { bench in
            let listing = try await output(bench, "/bin/ls", "/proc/self/fd")
            // The fourth is the folder that ls reads.
            #expect(listing == "0\n1\n2\n3\n")
        }
        try await TwoNodes.with { bench in
            let input = try await output(bench, "/bin/readlink", "/proc/self/fd/0")
            #expect(input == "/dev/null\n")
        }
    }

    @Test func `a child lives in its own network, folder and session`() async throws {
        try await TwoNodes.with { bench in
            let text = try await output(
                bench, "/bin/sh", "-c",
                "pwd; cut -d: -f1 /proc/net/dev | tail -n +3; cat /proc/$$/stat")
            let words = text.split(whereSeparator: \.isWhitespace)
            #expect(words[0] == bench.folder[...])
            #expect(Set(words[1...2]) == ["lo", "eth0"])
            let pid = try #require(bench.a.process?.pid)
            #expect(words.contains(Substring(String(pid))))
            let bracket = try #require(words.firstIndex { $0.hasSuffix(")") })
            // proc(5): state, parent, group, session.
            #expect(words[bracket + 2] == "1")
            #expect(words[bracket + 3] == Substring(String(pid)))
            #expect(words[bracket + 4] == Substring(String(pid)))
        }
    }

    @Test func `nothing of the harness's environment is passed on`() async throws {
        try await TwoNodes.with { bench in
            try bench.a.start(
                Program(
                    arguments: ["/usr/bin/env"], environment: ["ONE=1"],
                    workingFolder: bench.folder, log: "\(bench.folder)/a.log"))
            _ = await bench.a.process?.waitForExit(deadline: deadline)
            #expect(try bench.log(of: bench.a) == "ONE=1\n")
        }
    }

    @Test func `a process stops, goes on, dies and starts again`() async throws {
        try await TwoNodes.with { bench in
            try bench.start(bench.a, "/bin/sleep", "1000")
            let first = try #require(bench.a.process)
            #expect(bench.a.isRunning)
            try bench.a.signal(.stop)
            #expect(await reaches { first.state == .stopped })
            try bench.a.signal(.resume)
            #expect(await reaches { first.state == .sleeping })
            try bench.a.signal(.kill)
            #expect(await first.waitForExit(deadline: deadline) == .killed(.kill))
            #expect(!bench.a.isRunning)
            #expect(try !bench.a.signal(.kill))
            #expect(first.state == nil)
            try bench.a.restart()
            let second = try #require(bench.a.process)
            #expect(second.pid != first.pid || second.startTicks != first.startTicks)
            #expect(bench.a.startCount == 2)
        }
    }

    @Test func `an exit code is told as it was`() async throws {
        try await TwoNodes.with { bench in
            try bench.start(bench.a, "/bin/sh", "-c", "exit 7")
            #expect(await bench.a.process?.waitForExit(deadline: deadline) == .exited(7))
        }
    }

    @Test func `a kill takes what the process has started`() async throws {
        try await TwoNodes.with { bench in
            try bench.start(bench.a, "/bin/sh", "-c", "sleep 1000 & echo $!; wait")
            #expect(await reaches { (try? bench.log(of: bench.a))?.hasSuffix("\n") == true })
            let line = try bench.log(of: bench.a).dropLast()
            let grandchild = try #require(Int32(line))
            #expect(ProcessStatus(pid: grandchild) != nil)
            try bench.a.signal(.kill)
            _ = await bench.a.process?.waitForExit(deadline: deadline)
            #expect(
                await reaches {
                    bench.testbed.reapOrphans()
                    return ProcessStatus(pid: grandchild) == nil
                })
        }
    }

    @Test func `a start that fails names its stage and leaves no process`() async throws {
        try await TwoNodes.with { bench in
            let missing = Program(
                arguments: ["/no/such/program"], workingFolder: bench.folder,
                log: "\(bench.folder)/a.log")
            #expect(
                throws: SyscallError(stage: "execve(/no/such/program)", errno: .noEntry)
            ) { try bench.a.start(missing) }
            let homeless = Program(
                arguments: ["/bin/true"], workingFolder: "/no/such/folder",
                log: "\(bench.folder)/a.log")
            #expect(
                throws: SyscallError(stage: "child: chdir(data folder)", errno: .noEntry)
            ) { try bench.a.start(homeless) }
            #expect(bench.a.process == nil)
        }
    }

    @Test func `a torn down testbed has no process, link or rule left`() async throws {
        let bench = try TwoNodes()
        try bench.start(bench.a, "/bin/sh", "-c", "setsid sleep 1000 & exec sleep 1000")
        try bench.testbed.links.block(from: bench.a.address, to: bench.b.address)
        try await bench.testbed.tearDown()
        try await bench.testbed.tearDown()
        try File.removeTree(bench.folder)
        #expect(
            await reaches {
                bench.testbed.reapOrphans()
                let numbers = (try? File.list("/proc").compactMap(Int32.init)) ?? []
                return numbers == [1]
            })
        var socket = try RouteSocket()
        #expect(try socket.rules().allSatisfy { $0.action != .blackhole })
        let devices = try File.text(of: "/proc/net/dev").split(separator: "\n").dropFirst(2)
        #expect(devices.count == 1, "loopback alone: \(devices)")
    }

    /// Waits on a condition, with a deadline.
    private func reaches(_ condition: () -> Bool) async -> Bool {
        let limit = deadline
        while !condition() {
            if MonotonicTime.now() > limit { return false }
            await Reactor.sleep(for: .milliseconds(1))
        }
        return true
    }
}
