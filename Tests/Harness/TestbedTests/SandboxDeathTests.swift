// Nothing is left behind, whoever dies how. A held sandbox (HeldTests, below) builds a testbed with
// running processes and waits; everything in it carries one unlikely word in its environment, by
// which survivors are found from outside.

import Experiment
import Linux
import Reactor
import Testing

@testable import Testbed

private let holdVariable = "FAULTLINE_HOLD"

@Suite(.serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(2)))
struct SandboxDeathTests {
    @Test func `killing the inner process ends all that was in it`() async throws {
        let hold = Hold()
        let inner = try hold.start()
        #expect(hold.isReady())
        #expect(hold.population() >= 4, "pid 1 and three sleepers")
        #expect(hold.filters() == (HostCheck.disks().isMet ? 1 : 0))
        try inner.signal(.kill)
        #expect(try inner.wait() == .killed(.kill))
        #expect(try hold.isEmptied())
    }

    @Test(arguments: 1...3)
    func `killing the outer process ends the inner one too`(round: Int) async throws {
        let hold = Hold()
        await #expect(processExitsWith: .signal(9)) { [path = hold.path as String] in
            let hold = Hold(path: path)
            let inner = try hold.start()
            guard hold.isReady() else { CurrentProcess.exit(1) }
            _ = consume inner
            try ProcessHandle(opening: CurrentProcess.id).signal(.kill)
            PreciseWait.pause(.seconds(10))
        }
        #expect(File.exists(hold.path), "the sandbox had come up")
        #expect(try hold.isEmptied())
    }
}

/// A sandbox that is held until it is killed, named by the file that says that it is up.
private struct Hold {
    let path: String

    init() {
        path = "/tmp/faultline-hold-\(CurrentProcess.id)-\(MonotonicTime.now().nanoseconds)"
    }

    init(path: String) { self.path = path }

    func start() throws -> ProcessHandle {
        let null = try File.open("/dev/null", .writeOnly)
        return try Sandbox.start(
            arguments: [
                CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter",
                "HeldTests",
            ], environment: ["\(holdVariable)=\(path)"], output: null.raw)
    }

    func isReady() -> Bool { waits { File.exists(path) } }

    /// True once no process carries the word; removes the file.
    func isEmptied() throws -> Bool {
        try File.removeTree(path)
        let isEmpty = waits { population() == 0 && filters() == 0 }
        if File.exists(disk) { try File.removeTree(disk) }
        return isEmpty
    }

    /// Where the held sandbox has a file system of ours.
    var disk: String { "\(path)-disk" }

    /// The path's own number, by which its disk filter is known.
    var seed: UInt64 { path.split(separator: "-").last.flatMap { UInt64($0) } ?? 0 }

    /// Disk filters of the host that serve this sandbox; they have no environment to carry a word.
    func filters() -> Int {
        let processes = (try? File.list("/proc").compactMap(Int32.init)) ?? []
        return processes.count { process in
            let command = try? File.text(of: "/proc/\(process)/cmdline")
            return command?.contains("disk-filter\0--seed=\(seed)\0") ?? false
        }
    }

    /// Processes of the host that carry the word.
    func population() -> Int {
        let processes = (try? File.list("/proc").compactMap(Int32.init)) ?? []
        let word = "\(holdVariable)=\(path)"
        return processes.count { process in
            let environment = try? File.text(of: "/proc/\(process)/environ")
            return environment?.contains(word) ?? false
        }
    }

    private func waits(_ condition: () -> Bool) -> Bool {
        let deadline = MonotonicTime.now() + .seconds(20)
        while !condition() {
            if MonotonicTime.now() > deadline { return false }
            PreciseWait.pause(.milliseconds(50))
        }
        return true
    }
}

@Suite(.enabled(if: CurrentProcess.environment(holdVariable) != nil, "held by SandboxDeathTests"))
@ReactorActor
struct HeldTests {
    @Test func `a testbed is held until it is killed`() async throws {
        let path = try #require(CurrentProcess.environment(holdVariable))
        let bench = try TwoNodes()
        for node in [bench.a, bench.b] {
            try node.start(
                Program(
                    arguments: ["/bin/sh", "-c", "setsid sleep 1000 & exec sleep 1000"],
                    environment: ["\(holdVariable)=\(path)", "PATH=/usr/bin:/bin"],
                    workingFolder: bench.folder, log: "/dev/null"))
        }
        try bench.testbed.links.impair(
            from: bench.a.address, to: bench.b.address, Impairment(delay: .seconds(1)))
        try File.removeTree(bench.folder)
        if HostCheck.disks().isMet {
            let hold = Hold(path: path)
            let late = try bench.testbed.createNode(name: "c", address: IPv4Address(10, 0, 0, 3))
            try File.makeDirectories("\(hold.disk)/data")
            try await bench.testbed.filterDisk(
                of: late, folder: "\(hold.disk)/data",
                with: BuiltFilter.program(seed: hold.seed, logs: hold.disk))
        }
        try File.save([], to: path)
        await Reactor.sleep(for: .seconds(600))
    }
}
