// The commands of one replica alone: answers, retries, refusals.

import Endpoints
import Linux
import Reactor
import Replication
import Testing
import Wire

@testable import Store

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct CommandTests {
    /// Runs a group of one, which leads itself.
    private func alone(_ body: @ReactorActor (Asker) async throws -> Void) async throws {
        try await Cluster.with(replicas: 1) { cluster in
            _ = try await cluster.leader()
            try await body(Asker(client: cluster.client(1)))
        }
    }

    @ReactorActor
    private struct Asker {
        let client: RESPClient

        func callAsFunction(_ words: String...) async throws -> RESPValue {
            try await client.call(words, deadline: soon())
        }
    }

    @Test func `values, numbers and ranges come back as they were written`() async throws {
        try await alone { ask async throws in
            #expect(try await ask("PING") == .simple("PONG"))
            #expect(try await ask("SET", "{u1}:post:1", "a") == .simple("OK"))
            #expect(try await ask("SET", "{u1}:post:2", "b") == .simple("OK"))
            #expect(try await ask("SET", "{u1}:q", "c") == .simple("OK"))
            #expect(
                try await ask("MGET", "{u1}:post:2", "none", "{u1}:q")
                    == .array([.bulk("b"), .null, .bulk("c")]))
            #expect(
                try await ask("RANGE", "{u1}:post:", "9")
                    == .array([
                        .bulk("{u1}:post:2"), .bulk("b"), .bulk("{u1}:post:1"), .bulk("a"),
                    ]))
            #expect(
                try await ask("RANGE", "{u1}:post:", "1")
                    == .array([.bulk("{u1}:post:2"), .bulk("b")]))
            #expect(try await ask("INCRBY", "n", "5") == .integer(5))
            #expect(try await ask("INCRBY", "n", "-7") == .integer(-2))
            #expect(try await ask("INCRBY", "{u1}:q", "1").errorCode == "ERR")
            #expect(try await ask("INFO").text?.contains("role:leader\r\n") == true)
        }
    }

    @Test func `a request that is sent again is applied once and answered the same`() async throws {
        try await alone { ask async throws in
            #expect(try await ask("INCRBY", "n", "5", "ID", "c", "7") == .integer(5))
            #expect(try await ask("INCRBY", "n", "5", "ID", "c", "8") == .integer(10))
            #expect(try await ask("INCRBY", "n", "5", "ID", "c", "7") == .integer(5))
            #expect(try await ask("INCRBY", "n", "5", "ID", "d", "7") == .integer(15))
            #expect(try await ask("GET", "n") == .bulk("15"))
        }
    }

    @Test func `requests of one client count whichever order they arrive in`() async throws {
        try await alone { ask async throws in
            #expect(try await ask("INCRBY", "n", "1", "ID", "c", "9") == .integer(1))
            #expect(try await ask("INCRBY", "n", "1", "ID", "c", "3") == .integer(2))
            #expect(try await ask("INCRBY", "n", "1", "ID", "c", "9") == .integer(1))
            #expect(try await ask("INCRBY", "n", "1", "ID", "c", "3") == .integer(2))
            #expect(try await ask("GET", "n") == .bulk("2"))
        }
    }

    @Test func `an idempotency key lets the first effect through and no other`() async throws {
        try await alone { ask async throws in
            #expect(try await ask("ONCE", "idem", "row:1", "x", "ID", "c", "1") == .integer(1))
            #expect(try await ask("ONCE", "idem", "row:2", "y", "ID", "c", "2") == .integer(0))
            // A retry of the first is told what the first was told.
            #expect(try await ask("ONCE", "idem", "row:1", "x", "ID", "c", "1") == .integer(1))
            #expect(try await ask("GET", "row:2") == .null)
        }
    }

    @Test func `commands that make no sense are refused`() async throws {
        try await alone { ask async throws in
            for words in [["SET", "a"], ["GET"], ["INCRBY", "a", "x"], ["RANGE", "a", "0"]] {
                #expect(try await ask.client.call(words, deadline: soon()).errorCode == "ERR")
            }
            #expect(try await ask("SET", "a", "b", "ID", "c", "-1").errorCode == "ERR")
            #expect(try await ask("SET", "a", "b", "ID", "c").errorCode == "ERR")
            #expect(try await ask("SET", "", "b").errorCode == "TOOLARGE")
            #expect(try await ask("EVAL", "1").errorCode == "ERR")
        }
    }

    @Test func `a conditional write tells its version, and null when it does not count`()
        async throws
    {
        try await alone { ask async throws in
            let first = try #require(try await ask("SET", "k", "a", "NX").integer)
            #expect(try await ask("GET", "k", "VERSION") == .array([.bulk("a"), .integer(first)]))
            #expect(try await ask("SET", "k", "b", "NX") == .null)
            let second = try #require(
                try await ask("SET", "k", "b", "IFVERSION", "\(first)", "ID", "c", "1").integer)
            #expect(second > first)
            #expect(try await ask("SET", "k", "c", "IFVERSION", "\(first)") == .null)
            #expect(
                try await ask("SET", "k", "b", "IFVERSION", "\(first)", "ID", "c", "1")
                    == .integer(second))
            #expect(try await ask("SET", "k", "c", "IFVALUE", "x") == .null)
            #expect(try await ask("SET", "k", "c", "ifvalue", "b").integer != nil)
            #expect(try await ask("DEL", "k", "IFVALUE", "b") == .null)
            #expect(try await ask("DEL", "k", "IFVALUE", "c").integer != nil)
            #expect(try await ask("GET", "k") == .null)
            #expect(try await ask("GET", "k", "VERSION") == .array([.null, .integer(0)]))
            #expect(try await ask("DEL", "k") == .integer(0))
            #expect(try await ask("SET", "k", "d") == .simple("OK"))
            #expect(try await ask("DEL", "k", "ID", "c", "2") == .integer(1))
            #expect(try await ask("DEL", "k", "ID", "c", "2") == .integer(1))
        }
    }

    @Test func `a transaction tells its version, or the test that failed`() async throws {
        try await alone { ask async throws in
            let reply = try await ask(
                "TXN", "IF", "ABSENT", "{u}a", "ABSENT", "{u}b", "THEN", "SET", "{u}a", "100",
                "SET", "ID", "x", "INCRBY", "{u}b", "7", "ID", "c", "1")
            let version = try #require(reply.elements?.last?.integer)
            #expect(reply == .array([.integer(1), .integer(version)]))
            #expect(try await ask("GET", "ID") == .bulk("x"), "a key may spell a clause")
            #expect(
                try await ask("TXN", "IF", "VERSION", "{u}a", "\(version)", "ABSENT", "{u}b")
                    == .array([.integer(0), .integer(1)]))
            let moved = try await ask(
                "TXN", "if", "VERSION", "{u}a", "\(version)", "then", "INCRBY", "{u}a", "-30",
                "INCRBY", "{u}b", "30", "DEL", "ID")
            #expect(moved.elements?.first == .integer(1))
            #expect(
                try await ask("MGET", "{u}a", "{u}b", "ID")
                    == .array([.bulk("70"), .bulk("37"), .null]))
        }
    }

    @Test func `transactions that make no sense are refused`() async throws {
        try await alone { ask async throws in
            for words in [
                ["TXN"], ["TXN", "IF"], ["TXN", "THEN"], ["TXN", "IF", "SET", "a", "b"],
                ["TXN", "THEN", "SET", "a"], ["TXN", "THEN", "SET", "a", "b", "more"],
                ["TXN", "IF", "VERSION", "a", "-1", "THEN", "DEL", "a"],
                ["TXN", "THEN", "DEL", "a", "DEL", "a"], ["SET", "a", "b", "IFVERSION", "x"],
                ["SESSION", "x", "y"], ["DEL"], ["GET", "a", "VERSIONS"],
            ] {
                let reply = try await ask.client.call(words, deadline: soon())
                #expect(["ERR", "TOOLARGE"].contains(reply.errorCode), "\(words)")
            }
        }
    }

    @Test func `what is too large is refused as that`() async throws {
        try await alone { ask async throws in
            let key = String(repeating: "k", count: 512)
            let value = String(repeating: "v", count: 512 << 10)
            #expect(try await ask("SET", key, "b").errorCode == "TOOLARGE")
            #expect(try await ask("GET", key).errorCode == "TOOLARGE")
            #expect(try await ask("SET", "a", value + "v").errorCode == "TOOLARGE")
            #expect(try await ask("SET", "a", value) == .simple("OK"))
            #expect(
                try await ask("TXN", "THEN", "SET", "a", value, "SET", "b", value).errorCode
                    == "TOOLARGE")
            let many = (1...129).flatMap { ["DEL", "k\($0)"] }
            #expect(
                try await ask.client.call(["TXN", "THEN"] + many, deadline: soon()).errorCode
                    == "TOOLARGE")
            #expect(
                try await ask("SET", "a", "b", "ID", String(repeating: "c", count: 129), "1")
                    .errorCode == "TOOLARGE")
        }
    }

    @Test func `an answer that would be too large is refused, a smaller one is given`()
        async throws
    {
        try await alone { ask async throws in
            let value = String(repeating: "v", count: 512 << 10)
            for number in 10...27 {
                #expect(try await ask("SET", "big:\(number)", value) == .simple("OK"))
            }
            #expect(try await ask("RANGE", "big:", "100").errorCode == "TOOLARGE")
            #expect(try await ask("RANGE", "big:", "10").elements?.count == 20)
            let keys = (10...27).map { "big:\($0)" }
            #expect(
                try await ask.client.call(["MGET"] + keys, deadline: soon()).errorCode
                    == "TOOLARGE")
            #expect(
                try await ask.client.call(["MGET"] + keys.prefix(9), deadline: soon()).elements?
                    .count == 9)
        }
    }

    @Test func `a session of the store is known, and one that it never opened is not`()
        async throws
    {
        try await alone { ask async throws in
            let name = try #require(try await ask("SESSION").text)
            #expect(try await ask("INCRBY", "n", "5", "ID", name, "1") == .integer(5))
            #expect(try await ask("INCRBY", "n", "5", "ID", name, "1") == .integer(5))
            #expect(
                try await ask("INCRBY", "n", "5", "ID", "@9999", "1").errorCode
                    == "SESSIONEXPIRED")
            #expect(try await ask("GET", "n") == .bulk("5"))
        }
    }

    @Test func `more reads than may wait are refused as overload`() async throws {
        var limits = ReplicaLimits()
        limits.pendingReadsMax = 2
        limits.answerTimeout = .milliseconds(100)
        try await Cluster.with(limits: limits) { cluster in
            let leader = try await cluster.leader()
            try cluster.server(leader).isCutOff = true
            let client = cluster.client(leader)
            async let first = client.call(["GET", "a"], deadline: soon())
            async let second = client.call(["GET", "a"], deadline: soon())
            async let third = client.call(["GET", "a"], deadline: soon())
            let codes = try await [first, second, third].compactMap(\.errorCode).sorted()
            #expect(codes == ["OVERLOADED", "UNAVAILABLE", "UNAVAILABLE"])
        }
    }

    @Test func `a key of another shard is refused`() async throws {
        try await Cluster.with(replicas: 1, shards: 2) { cluster in
            _ = try await cluster.leader()
            let keys = (1...20).map { "{u\($0)}:a" }
            let own = try #require(keys.first { ShardKey.shard(of: $0, count: 2) == 0 })
            let other = try #require(keys.first { ShardKey.shard(of: $0, count: 2) == 1 })
            #expect(try await cluster.ask(1, "SET", own, "1") == .simple("OK"))
            #expect(try await cluster.ask(1, "SET", other, "1").errorCode == "WRONGSHARD")
            #expect(try await cluster.ask(1, "MGET", own, other).errorCode == "WRONGSHARD")
            #expect(try await cluster.ask(1, "DEL", other).errorCode == "WRONGSHARD")
            #expect(try await cluster.ask(1, "RANGE", other, "1").errorCode == "WRONGSHARD")
        }
    }

    @Test func `more writes than may wait are refused as overload`() async throws {
        var limits = ReplicaLimits()
        limits.pendingWritesMax = 2
        limits.answerTimeout = .milliseconds(100)
        try await Cluster.with(limits: limits) { cluster in
            let leader = try await cluster.leader()
            try cluster.server(leader).isCutOff = true
            let client = cluster.client(leader)
            async let first = client.call(["SET", "a", "1"], deadline: soon())
            async let second = client.call(["SET", "a", "2"], deadline: soon())
            async let third = client.call(["SET", "a", "3"], deadline: soon())
            let codes = try await [first, second, third].compactMap(\.errorCode).sorted()
            #expect(codes == ["OVERLOADED", "UNKNOWN", "UNKNOWN"])
        }
    }
}
