// Clients that know the first nodes alone, while shards are split and move to others: every write is
// applied once, and the table follows.

import Blueprint
import Determinism
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Store

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct ShardRoutingTests {
    private let second = ["store-2-1", "store-2-2", "store-2-3"]

    /// A client as an app has it.
    private func router(_ cluster: ShardCluster, _ layout: ShardLayout) -> ShardRouter {
        ShardRouter(layout, shards: cluster.clientShards, random: SeededRandom(seed: 5))
    }

    private func count(
        _ router: ShardRouter, users: ClosedRange<Int>, rounds: Int, client: String
    ) async throws {
        for round in 1...rounds {
            for user in users {
                let words = [
                    "INCRBY", "{u\(user)}:n", "1", "ID", "\(client)-\(user)", "\(round)",
                ]
                let reply = try await router.call(
                    words, on: words[1], deadline: .now() + .seconds(20))
                guard case .integer = reply.value else { throw Unexpected(reply: reply.value) }
            }
        }
    }

    private struct Unexpected: Error {
        let reply: RESPValue
    }

    @Test(arguments: [StoreSharding.hash, .range])
    func `a split and a move do not show to those who write through it`(
        _ sharding: StoreSharding
    ) async throws {
        let layout = ShardLayout(sharding, usersPerShard: 20)
        try await ShardCluster.with(shards: 2, layout: layout) { cluster in
            let writers = (0..<4).map { lane in
                Task { @ReactorActor in
                    // One table for each, and nobody corrects it but redirects.
                    try await count(
                        router(cluster, layout), users: lane * 10 + 1...lane * 10 + 10, rounds: 30,
                        client: "w")
                }
            }
            let child = try await cluster.split(0)
            try await cluster.move(0, to: second)
            _ = try await cluster.leader(of: child)
            for writer in writers { try await writer.value }
            try await cluster.expectCounts(users: 1...40, 30)
        }
    }

    @Test func `a table that a redirect corrected sends straight to the new nodes`() async throws {
        let layout = ShardLayout(.range, usersPerShard: 20)
        try await ShardCluster.with(shards: 2, layout: layout) { cluster in
            let router = router(cluster, layout)
            try await count(router, users: 1...1, rounds: 1, client: "a")
            try await cluster.move(0, to: second)
            var sequence = 1
            try await cluster.until("the table knows the new nodes") {
                sequence += 1
                _ = try await router.call(
                    ["INCRBY", "{u1}:n", "1", "ID", "b", "\(sequence)"], on: "{u1}:n",
                    deadline: soon())
                let row = router.table.owner(of: "{u1}:n".utf8.span)
                return row.map { Set($0.members.map(\.name)) == Set(second) } == true ? () : nil
            }
            for name in ["store-1-1", "store-1-2", "store-1-3"] { try await cluster.stop(name) }
            let reply = try await router.call(["GET", "{u1}:n"], on: "{u1}:n", deadline: soon())
            #expect(reply.value == .bulk("\(sequence)"))
            #expect(second.contains(reply.member))
        }
    }

    /// More requests than the store remembers.
    private func flood(_ cluster: ShardCluster, _ count: Int, _ client: String) async throws {
        for number in 1...count {
            _ = try await cluster.call("SET", "{u1}:flood", "x", "ID", client, "\(number)")
        }
    }

    @Test func `a copy that comes past the window counts again under a free name alone`()
        async throws
    {
        try await ShardCluster.with(requestCountMax: 20) { cluster in
            let name = try #require(try await cluster.call("SESSION", "{u1}:n").text)
            for client in [name, "free"] {
                let late = ["INCRBY", "{u1}:\(client)", "1", "ID", client, "1"]
                #expect(try await cluster.call(late) == .integer(1))
                #expect(try await cluster.call(late) == .integer(1))
                try await flood(cluster, 40, "f-\(client)")
                let copy = try await cluster.call(late)
                #expect(client == name ? copy.errorCode == "SESSIONEXPIRED" : copy == .integer(2))
            }
        }
    }

    @Test func `a client whose session is forgotten goes on under another, counted once`()
        async throws
    {
        try await ShardCluster.with(requestCountMax: 20) { cluster in
            let router = router(cluster, ShardLayout())
            for round in 1...3 {
                let reply = try await router.change(
                    ["INCRBY", "{u1}:n", "1"], on: "{u1}:n", deadline: soon())
                #expect(reply.value == .integer(Int64(round)))
                try await flood(cluster, 40, "f-\(round)")
            }
        }
    }

    @Test func `changes through a split, a move and a merge count once each`() async throws {
        try await ShardCluster.with(shards: 2) { cluster in
            let writers = (0..<4).map { lane in
                Task { @ReactorActor in
                    let router = router(cluster, ShardLayout())
                    for _ in 1...30 {
                        for user in lane * 5 + 1...lane * 5 + 5 {
                            _ = try await router.change(
                                ["INCRBY", "{u\(user)}:n", "1"], on: "{u\(user)}:n",
                                deadline: soon())
                        }
                    }
                }
            }
            let child = try await cluster.split(0)
            _ = try await cluster.leader(of: child)
            try await cluster.move(child, to: second)
            try await cluster.merge(0, with: child)
            for writer in writers { try await writer.value }
            try await cluster.expectCounts(users: 1...20, 30)
        }
    }

    @Test func `every node tells the same table`() async throws {
        try await ShardCluster.with(shards: 2) { cluster in
            _ = try await cluster.leader(of: 0)
            _ = try await cluster.leader(of: 1)
            let rows = try await cluster.ask("store-2-1", "SHARD", "ROUTES").elements ?? []
            let parsed = rows.compactMap { $0.text.flatMap(ShardRow.init) }
            #expect(parsed.map(\.shard) == [0, 1])
            #expect(parsed.allSatisfy { $0.members.count == 3 })
            #expect(try await cluster.ask("store-1-1", "SHARD", "ROUTES", "x").errorCode == "ERR")
        }
    }
}
