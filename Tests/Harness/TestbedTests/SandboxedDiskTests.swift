// A file system of ours over a data folder: to programs it is one like any other, and it leaves the
// folder as if it had never been.

import Linux
import Reactor
import Testing

@testable import Testbed

/// The filter's program as it was built beside this one.
enum BuiltFilter {
    static func program(seed: UInt64 = 7, logs: String) throws -> DiskFilterProgram {
        let own = try CurrentProcess.executablePath()
        return DiskFilterProgram(
            path: "\(File.folder(of: own))/faultline", seed: seed, logsFolder: logs)
    }
}

@Suite(
    .serialized, .tags(.privileged, .multiprocess), .timeLimit(.minutes(1)),
    .enabled(if: Sandbox.isInside, "needs a sandbox: TestbedTests runs it in one"),
    .enabled(if: HostCheck.disks().isMet, "the host has no FUSE for us"))
@ReactorActor
struct SandboxedDiskTests {
    private func filtered(_ bench: TwoNodes) async throws -> String {
        let data = "\(bench.folder)/a/data"
        try File.makeDirectories(data)
        try File.save(Array("kept".utf8), to: "\(data)/before")
        try await bench.testbed.filterDisk(
            of: bench.a, folder: data, with: BuiltFilter.program(logs: bench.folder))
        return data
    }

    /// Runs a shell script in node a, in the folder.
    private func run(_ script: String, in folder: String, _ bench: TwoNodes) async throws -> String
    {
        try bench.a.start(
            Program(
                arguments: ["/bin/sh", "-ec", script], environment: ["PATH=/usr/bin:/bin"],
                workingFolder: folder, log: "\(bench.folder)/a.log"))
        let status = await bench.a.process?.waitForExit(deadline: .now() + .seconds(20))
        let text = try bench.log(of: bench.a)
        #expect(status == .exited(0), "\(text)")
        return text
    }

    @Test func `programs make, write, move, link and remove as on any disk`() async throws {
        try await TwoNodes.with { bench in
            let data = try await filtered(bench)
            let text = try await run(
                """
                cat before; echo; mkdir -p x/y; echo one >x/y/f; echo two >>x/y/f; cat x/y/f
                mv x/y/f x/g; ln x/g h; ln -s x/g s; cat h s; rm x/g; cat h; rmdir x/y
                dd if=/dev/zero of=big bs=1M count=3 2>/dev/null; truncate -s 5 big; wc -c <big
                chmod 600 h; stat -c %a h; ls; echo new >n; mv n h; cat h
                """, in: data, bench)
            #expect(
                text.split(separator: "\n").map(String.init) == [
                    "kept", "one", "two", "one", "two", "one", "two", "one", "two", "5", "600",
                    "before", "big", "h", "s", "x", "new",
                ])
        }
    }

    @Test func `what is open lives on without its name, and a held name is not open`() async throws
    {
        try await TwoNodes.with { bench in
            let data = try await filtered(bench)
            let text = try await run(
                """
                exec 3<>f; echo kept >&3; rm f; echo new >f; cat /dev/fd/3 f
                rm -rf * ; ls -A
                """, in: data, bench)
            #expect(text == "kept\nnew\n")
        }
    }

    @Test func `what a program writes is what a mapping shows`() async throws {
        try await TwoNodes.with { bench in
            let data = try await filtered(bench)
            let text = try await run(
                """
                python3 - <<'END'
                import mmap, os
                f = os.open("m", os.O_RDWR | os.O_CREAT)
                os.pwrite(f, b"a" * 8192, 0)
                m = mmap.mmap(f, 8192, mmap.MAP_SHARED, mmap.PROT_READ)
                os.pwrite(f, b"bc", 4095)
                print(m[4094:4098].decode())
                os.fsync(f)
                END
                """, in: data, bench)
            #expect(text == "abca\n")
        }
    }

    @Test func `a torn down testbed has no mount left, and the folder has its contents`()
        async throws
    {
        let bench = try TwoNodes()
        let data = try await filtered(bench)
        try bench.a.start(
            Program(
                arguments: ["/bin/sh", "-c", "echo more >after; exec 3<>after; exec sleep 1000"],
                environment: ["PATH=/usr/bin:/bin"], workingFolder: data, log: "/dev/null"))
        let deadline = MonotonicTime.now() + .seconds(10)
        while !(await offload({ File.exists("\(data)/after") })), .now() < deadline {
            await Reactor.sleep(for: .milliseconds(1))
        }
        #expect(try FuseMount.standing().contains(data))
        #expect(bench.a.disk?.isStanding == true)
        try await bench.testbed.tearDown()
        #expect(try FuseMount.standing().isEmpty)
        #expect(try File.list(data) == ["after", "before"])
        #expect(try File.text(of: "\(data)/after") == "more\n")
        #expect(try File.list("\(bench.folder)/a") == ["data"])
        try File.removeTree(bench.folder)
    }

    @Test func `a filter that cannot be started is an error with its stage`() async throws {
        try await TwoNodes.with { bench in
            let data = "\(bench.folder)/a/data"
            try File.makeDirectories(data)
            let missing = DiskFilterProgram(path: "/no/such", seed: 1, logsFolder: bench.folder)
            let error = await #expect(throws: DiskMountError.self) {
                try await bench.testbed.filterDisk(of: bench.a, folder: data, with: missing)
            }
            #expect(error?.description.contains("execve(/no/such)") == true)
            let silent = DiskFilterProgram(path: "/bin/true", seed: 1, logsFolder: bench.folder)
            let other = "\(bench.folder)/b/data"
            try File.makeDirectories(other)
            let ended = await #expect(throws: DiskMountError.self) {
                try await bench.testbed.filterDisk(of: bench.b, folder: other, with: silent)
            }
            #expect(ended?.description.contains("does not answer") == true)
        }
    }
}
