// The tools that people point at a cache: Debian's redis-cli and redis-benchmark, unchanged.

import Blueprint
import Glibc
import Linux
import Reactor
import Testing

@testable import Cache

/// One shell command, run off the loop since the server it talks to runs on it.
private struct ToolRun: Sendable {
    let output: String
    let status: Int32

    @ReactorActor
    static func run(_ command: String) async throws -> ToolRun {
        try #require(await offload { readAll(command) }, "popen failed")
    }

    private static func readAll(_ command: String) -> ToolRun? {
        guard let pipe = unsafe popen(command + " 2>&1", "r") else { return nil }
        var bytes: [UInt8] = []
        while true {
            let byte = unsafe getc(pipe)
            guard byte != EOF else { break }
            bytes.append(UInt8(truncatingIfNeeded: byte))
        }
        let status = unsafe pclose(pipe)
        return ToolRun(output: String(decoding: bytes, as: UTF8.self), status: status)
    }
}

private func isInstalled(_ tool: String) -> Bool { File.exists("/usr/bin/\(tool)") }

@Suite(.timeLimit(.minutes(2))) @ReactorActor struct RedisToolsTests {
    private func withServer(
        _ body: @ReactorActor (CacheServer, _ port: UInt16) async throws -> Void
    ) async throws {
        let server = try CacheServer(
            listen: SocketAddress(ip: .loopback, port: 0),
            settings: CacheSettings(memoryLimit: 64 << 20))
        Task { @ReactorActor in await server.run() }
        do {
            try await body(server, server.address.port)
        } catch {
            await server.drain(within: .milliseconds(100))
            throw error
        }
        await server.drain(within: .milliseconds(100))
    }

    @Test(.enabled(if: isInstalled("redis-cli"), "redis-cli is not installed (redis-tools)"))
    func `redis-cli sets reads counts and asks for INFO`() async throws {
        try await withServer { server, port in
            let cli = "redis-cli -p \(port)"
            #expect(try await ToolRun.run("\(cli) PING").output == "PONG\n")
            #expect(try await ToolRun.run("\(cli) SET k 'a b' EX 100").output == "OK\n")
            #expect(try await ToolRun.run("\(cli) GET k").output == "a b\n")
            #expect(try await ToolRun.run("\(cli) TTL k").output == "100\n")
            #expect(try await ToolRun.run("\(cli) INCR n").output == "1\n")
            #expect(try await ToolRun.run("\(cli) MGET k n x").output == "a b\n1\n\n")
            let wrong = try await ToolRun.run("\(cli) INCR k").output
            #expect(wrong == "ERR value is not an integer or out of range\n\n")
            let info = try await ToolRun.run("\(cli) INFO keyspace").output
            #expect(info.contains("db0:keys=2,expires=1"))
            #expect(server.engine.keyspace.count == 2)
        }
    }

    @Test(
        .enabled(
            if: isInstalled("redis-benchmark"), "redis-benchmark is not installed (redis-tools)"))
    func `redis-benchmark runs its tests through a pipeline`() async throws {
        try await withServer { server, port in
            let run = try await ToolRun.run(
                "redis-benchmark -p \(port) -c 20 -P 16 -n 4000 -r 500 -t ping,set,get,incr,mset -q"
            )
            #expect(run.status == 0)
            #expect(run.output.contains("SET: "))
            #expect(run.output.contains("requests per second"))
            #expect(!run.output.lowercased().contains("error"))
            #expect(!run.output.contains("WARNING"))
            // Each of the keyed tests ran its 4000 commands and not one of them was refused.
            #expect(server.engine.calls.reduce(0, +) >= 20_000)
            #expect(server.engine.failures.reduce(0, +) == 0)
        }
    }
}
