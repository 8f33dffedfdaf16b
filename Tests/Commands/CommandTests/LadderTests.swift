// The ladder as a user starts it: to its end, interrupted, killed, and where the host lacks something.

import Glibc
import Linux
import Testing

@Suite(.serialized, .enabled(if: canRun, "needs a sandbox: see `faultline doctor`"))
struct LadderTests {
    private static let stack = "\(Program.repository)/fixtures/topologies/web-stack.yaml"

    /// Control groups of ours, wherever they are.
    private static func groups(_ folder: String = "/sys/fs/cgroup", depth: Int = 0) -> Set<String> {
        guard depth < 6 else { return [] }
        let names = (try? File.list(folder)) ?? []
        return names.reduce(into: []) { found, name in
            let path = "\(folder)/\(name)"
            guard File.isDirectory(path) else { return }
            if name.hasPrefix("faultline-") {
                found.insert(path)
            } else {
                found.formUnion(groups(path, depth: depth + 1))
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `a quick ladder finds a rate, kills a node, and draws`() async throws {
        let folder = try ScratchFolder()
        let result = try await Program.run(
            "ladder", "--quick", "--json", "--budget=cpu:20%,memory:256MiB", "--start=20/s",
            "--objective=availability >= 90%, p99 < 1s", "--ladders=\(folder.path)", Self.stack)
        #expect([0, 2].contains(result.code), "\(result.errors)")
        #expect(result.output.contains("\"schema\":\"faultline/ladder/v1\""))
        #expect(result.output.contains("\"heldToBudgets\":true"))
        #expect(result.errors.contains("kill balancer-1"), "\(result.errors)")
        #expect(result.errors.contains("saturated first") || result.errors.contains("nearest"))
        for name in ["ladder.json", "ladder.svg", "ladder.html", "ladder.txt"] {
            #expect(File.exists("\(folder.path)/latest/\(name)"))
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `an interrupted ladder cleans up and says what it has`() async throws {
        let folder = try ScratchFolder()
        let before = (HostTraces.now(naming: folder.path), Self.groups())
        let program = try Program(["ladder", "--quick", "--ladders=\(folder.path)", Self.stack])
        try #require(await program.says("probe 100/s"), "\(program.errorText)")
        program.send(SIGINT)
        #expect(await program.wait() == 130)
        #expect(program.outputText.contains("INTERRUPTED (exit code 130"))
        #expect(await eventually { HostTraces.now(naming: folder.path) == before.0 })
        #expect(Self.groups().subtracting(before.1) == [])
    }

    @Test(.timeLimit(.minutes(2)))
    func `the groups of a ladder that was killed go with the next look at the host`() async throws {
        let folder = try ScratchFolder()
        let before = Self.groups()
        let program = try Program(["ladder", "--quick", "--ladders=\(folder.path)", Self.stack])
        try #require(await program.says("probe 100/s"), "\(program.errorText)")
        program.send(SIGKILL)
        _ = await program.wait()
        #expect(await eventually { HostTraces.now(naming: folder.path).processes.isEmpty })
        let doctor = try await Program.run("doctor")
        #expect(doctor.code == 0)
        #expect(Self.groups().subtracting(before) == [])
    }

    @Test(arguments: [
        ["ladder", "--objective=recovery < 2s after each fault", stack],
        ["ladder", "--objective=availability", stack],
        ["ladder", "--budget=cpu:10", stack],
        ["ladder", "--budget=cpu:10%", "--no-budget", stack],
        ["ladder", "--journeys=browse:10%", stack],
        ["ladder", "--start=0/s", stack],
        ["ladder", stack, stack],
        ["ladder", "absent.yaml"],
    ])
    func `a ladder that makes no sense is exit code 3`(arguments: [String]) async throws {
        let program = try Program(arguments)
        #expect(await program.wait() == 3, "\(program.errorText)")
    }
}
