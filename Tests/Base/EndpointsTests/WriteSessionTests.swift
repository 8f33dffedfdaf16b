// Changes of a client whose session the store forgets: made anew where that is safe, and called unknown
// where it is not.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct WriteSessionTests {
    /// One shard that gives out `@1`, `@2` and so on, and answers changes as it is told.
    @ReactorActor
    private final class Shard {
        var answers: [RESPValue] = []
        var sessionAnswer: RESPValue?
        private(set) var sessionCount = 0
        private(set) var requests: [String] = []
        private var server: RESPServer?

        init() throws {
            server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) { [unowned self] in
                self.answer($0)
            }
            let started = server
            Task { @ReactorActor in await started?.run() }
        }

        func stop() { server?.stop() }

        private func answer(_ command: RESPCommand) -> RESPValue {
            if command.name == "SHARD" { return .array([]) }
            if command.name == "SESSION" {
                sessionCount += 1
                return sessionAnswer ?? .bulk("@\(sessionCount)")
            }
            let words = command.words.map { String(decoding: $0, as: UTF8.self) }
            requests.append(words.suffix(2).joined(separator: " "))
            return answers.isEmpty ? .simple("OK") : answers.removeFirst()
        }

        func router() throws -> ShardRouter {
            let address = try #require(server?.address)
            return ShardRouter(
                ShardLayout(), shards: [[NamedAddress(name: "m-1", address: address)]],
                random: SeededRandom(seed: 1)
            ) { members, random, _ in
                LeaderSeeker(
                    members, random: random, tryTimeout: .seconds(10), connectTimeout: .seconds(10))
            }
        }
    }

    private static let expired = RESPValue.error("SESSIONEXPIRED who knows")

    private func soon() -> MonotonicTime { .now() + .seconds(30) }

    @Test func `one session does for all that is under way at once`() async throws {
        let shard = try Shard()
        defer { shard.stop() }
        let router = try shard.router()
        let changes = (0..<10).map { _ in
            Task { @ReactorActor in
                try await router.change(["SET", "k", "v"], on: "k", deadline: soon()).value
            }
        }
        for change in changes { #expect(try await change.value == .simple("OK")) }
        #expect(shard.sessionCount == 1)
        #expect(Set(shard.requests) == Set((1...10).map { "@1 \($0)" }))
    }

    @Test func `a first try that finds its session forgotten is made under another`() async throws {
        let shard = try Shard()
        defer { shard.stop() }
        let router = try shard.router()
        shard.answers = [Self.expired, .simple("OK")]
        let reply = try await router.change(["SET", "k", "v"], on: "k", deadline: soon())
        #expect(reply.value == .simple("OK"))
        #expect(shard.requests == ["@1 1", "@2 1"])
    }

    @Test func `one that may have been executed before is unknown and not made again`()
        async throws
    {
        let shard = try Shard()
        defer { shard.stop() }
        let router = try shard.router()
        shard.answers = [.error("UNKNOWN no majority"), Self.expired]
        await #expect(throws: SeekError.unknown("SESSIONEXPIRED who knows")) {
            try await router.change(["SET", "k", "v"], on: "k", deadline: soon())
        }
        #expect(shard.requests == ["@1 1", "@1 1"])
    }

    @Test func `without a session nothing is sent, and that is certain`() async throws {
        let shard = try Shard()
        defer { shard.stop() }
        let router = try shard.router()
        shard.sessionAnswer = .error("UNKNOWN no majority")
        let change = Task { @ReactorActor () -> SeekError? in
            do throws(SeekError) {
                _ = try await router.change(
                    ["SET", "k", "v"], on: "k", deadline: .now() + .milliseconds(200))
                return nil
            } catch {
                return error
            }
        }
        guard case .unavailable = await change.value else {
            Issue.record("a change that was not sent certainly did not happen")
            return
        }
        #expect(shard.requests.isEmpty)
    }

    @Test func `a store that forgets every session at once is given up`() async throws {
        let shard = try Shard()
        defer { shard.stop() }
        let router = try shard.router()
        shard.answers = Array(repeating: Self.expired, count: 100)
        await #expect(throws: SeekError.unavailable("SESSIONEXPIRED who knows")) {
            try await router.change(["SET", "k", "v"], on: "k", deadline: soon())
        }
        #expect(shard.requests.count == 8)
    }
}
