// A shard that is split while clients write: every acknowledged write is there exactly once, on one of
// the two halves.

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
struct ShardSplitTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    @Test func `both halves have their keys, and refuse the other's`() async throws {
        try await ShardCluster.with { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            let child = try await cluster.split(0)
            try await cluster.expectCounts(users: 1...40, 1)
            try await cluster.count(users: 1...40, rounds: 1, client: "b")
            try await cluster.expectCounts(users: 1...40, 2)
            let node = try await cluster.server(cluster.leader(of: child))
            let left = try #require(node.shards[GroupID(0)]).state.table.ownership
            let right = try #require(node.shards[GroupID(child)]).state.table.ownership
            let users = (1...40).map { bytes("{u\($0)}:n") }
            #expect(users.contains(where: left.owns))
            #expect(users.contains(where: right.owns))
            for key in users { #expect(left.owns(key) != right.owns(key)) }
            #expect(left.version == 2)
        }
    }

    @Test func `a split under load loses no write and doubles none`() async throws {
        try await ShardCluster.with(limits: shortLog) { cluster in
            try await cluster.count(users: 1...10, rounds: 1, client: "before")
            let writers = (0..<8).map { lane in
                Task { @ReactorActor in
                    try await cluster.count(
                        users: lane * 5 + 1...lane * 5 + 5, rounds: 30, client: "w")
                }
            }
            let first = try await cluster.split(0)
            let second = try await cluster.split(0)
            let third = try await cluster.split(first)
            for writer in writers { try await writer.value }
            try await cluster.expectCounts(users: 11...40, 30)
            try await cluster.expectCounts(users: 1...10, 31)
            for child in [first, second, third] {
                _ = try await cluster.leader(of: child)
                try await cluster.until("every node has a replica of \(child)") {
                    cluster.nodes(of: child).count == 3 ? () : nil
                }
            }
        }
    }

    @Test func `the right half is not away while its state is copied`() async throws {
        try await ShardCluster.with { cluster in
            let value = String(repeating: "x", count: 8000)
            for user in 1...400 {
                _ = try await cluster.call("SET", "{u\(user)}:v", value)
            }
            let load = (0..<4).map { lane in
                Task { @ReactorActor in
                    try await cluster.count(
                        users: lane * 10 + 1...lane * 10 + 10, rounds: 15, client: "w")
                }
            }
            let child = try await cluster.split(0)
            _ = try await cluster.leader(of: child)
            for writer in load { try await writer.value }
            try await cluster.expectCounts(users: 1...40, 15)
            // Every host had its copy before the split came.
            try await cluster.until("all have founded the right half") {
                cluster.nodes(of: child).count == 3 ? () : nil
            }
            for name in cluster.names {
                let replica = try #require(try cluster.server(name).shards[GroupID(0)])
                #expect(replica.state.shadowedSplits == 1, "\(name)")
                #expect(replica.state.shadow == nil)
            }
            for user in [1, 200, 400] {
                #expect(try await cluster.call("GET", "{u\(user)}:v") == .bulk(value))
            }
        }
    }

    @Test func `a shadow that nobody asks for any more is given up`() async throws {
        try await ShardCluster.with { cluster in
            let leader = try await cluster.leader(of: 0)
            let replica = try #require(try cluster.server(leader).shards[GroupID(0)])
            try await cluster.until("the shadow keeps up") {
                let reply = try await cluster.ask(leader, "SHARD", "COPY", "0")
                return reply == .integer(1) ? () : nil
            }
            try await cluster.count(users: 1...5, rounds: 1, client: "a")
            #expect(replica.state.shadow?.progress == .ready)
            replica.state.dropShadow(olderThan: .zero)
            #expect(replica.state.shadow == nil)
            #expect(!File.exists(replica.state.folder + "/half"))
            try await cluster.expectCounts(users: 1...5, 1)
        }
    }

    @Test func `constant transactions across shards do not keep a shard from being split`()
        async throws
    {
        try await ShardCluster.with(shards: 2) { cluster in
            let keys = (1...60).map { "{u\($0)}:n" }
            let first = keys.filter { ShardKey.shard(of: $0, count: 2) == 0 }
            let second = keys.filter { ShardKey.shard(of: $0, count: 2) == 1 }
            let isOver = Over()
            let lanes = (0..<8).map { lane in
                Task { @ReactorActor () -> Int in
                    var count = 0
                    while !isOver.value {
                        count += 1
                        _ = try await cluster.call(
                            "TXN", "THEN", "INCRBY", first[lane], "1", "INCRBY", second[lane], "-1",
                            "ID", "t\(lane)", "\(count)")
                    }
                    return count
                }
            }
            let child = try await cluster.split(0)
            _ = try await cluster.leader(of: child)
            isOver.value = true
            for (lane, task) in lanes.enumerated() {
                let count = try await task.value
                #expect(try await cluster.call("GET", first[lane]) == .bulk("\(count)"))
                #expect(try await cluster.call("GET", second[lane]) == .bulk("-\(count)"))
            }
        }
    }

    @ReactorActor
    private final class Over {
        var value = false
    }

    @Test func `requests that were answered before a split are answered the same after it`()
        async throws
    {
        try await ShardCluster.with { cluster in
            for user in 1...20 {
                #expect(
                    try await cluster.call("INCRBY", "{u\(user)}:n", "5", "ID", "c\(user)", "1")
                        == .integer(5))
            }
            _ = try await cluster.split(0)
            for user in 1...20 {
                #expect(
                    try await cluster.call("INCRBY", "{u\(user)}:n", "5", "ID", "c\(user)", "1")
                        == .integer(5))
            }
        }
    }

    @Test func `the halves survive the crash of all nodes, and can be split again`() async throws {
        try await ShardCluster.with(limits: shortLog) { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            let child = try await cluster.split(0)
            // At whatever point of the split the others are.
            for name in cluster.names { try await cluster.stop(name) }
            for name in cluster.names { try cluster.start(name) }
            try await cluster.expectCounts(users: 1...40, 1)
            _ = try await cluster.split(child)
            try await cluster.count(users: 1...40, rounds: 2, client: "b")
            for name in cluster.names { try await cluster.stop(name) }
            for name in cluster.names { try cluster.start(name) }
            try await cluster.expectCounts(users: 1...40, 3)
        }
    }

    @Test func `a node that was away during a split founds its half, or is given it`() async throws
    {
        try await ShardCluster.with(limits: shortLog) { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            let leader = try await cluster.leader(of: 0)
            let away = try #require(cluster.names.first { $0 != leader })
            try await cluster.stop(away)
            let child = try await cluster.split(0)
            _ = try await cluster.leader(of: child)
            try await cluster.count(users: 1...40, rounds: 2, client: "b")
            try cluster.start(away)
            for shard in [0, child] {
                try await cluster.until("\(away) has caught up on \(shard)") {
                    try cluster.hasCaughtUp(away, on: shard) ? () : nil
                }
            }
            for name in cluster.names where name != away && name != leader {
                try await cluster.stop(name)
            }
            try await cluster.expectCounts(users: 1...40, 3)
        }
    }

    @Test func `keys that were left behind go away by themselves`() async throws {
        try await ShardCluster.with { cluster in
            try await cluster.count(users: 1...40, rounds: 1, client: "a")
            let child = try await cluster.split(0)
            try await cluster.count(users: 1...40, rounds: 1, client: "b")
            for shard in [0, child] {
                let server = try await cluster.server(cluster.leader(of: shard))
                let table = try #require(server.shards[GroupID(shard)]).state.table
                let owned = (1...40).count { table.ownership.owns(bytes("{u\($0)}:n")) }
                #expect(try table.usage().keyCount == owned)
            }
        }
    }

    @Test func `a split that does not fit the shard is refused`() async throws {
        try await ShardCluster.with { cluster in
            let leader = try await cluster.leader(of: 0)
            let outside = try await cluster.ask(leader, "SHARD", "SPLIT", "0", "AT", "0")
            #expect(outside.errorCode == "ERR")
            #expect(try await cluster.ask(leader, "SHARD", "SPLIT", "99").errorCode == "ERR")
            #expect(try await cluster.ask(leader, "SHARD", "SPLIT").errorCode == "ERR")
            let follower = try #require(cluster.names.first { $0 != leader })
            let reply = try await cluster.ask(follower, "SHARD", "SPLIT", "0")
            #expect(reply.errorCode == "NOTLEADER")
            // Two splits of the same range that meet: the second is for a shard that is no more.
            let replica = try #require(try cluster.server(leader).shards[GroupID(0)])
            let split = ShardSplit(expectedVersion: 1, boundary: 1000).encoded
            async let first = replica.propose(split)
            async let second = replica.propose(split)
            let replies = await [first, second].map { outcome -> StoreReply? in
                guard case .applied(let reply) = outcome else { return nil }
                return reply
            }
            #expect(replies.count { $0 == .refused(.moved) } == 1, "\(replies)")
        }
    }
}
