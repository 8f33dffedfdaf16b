// Shards that change nodes, and clients that are sent after them.

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
struct ShardMoveTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    private let second = ["store-2-1", "store-2-2", "store-2-3"]

    /// A user whose keys begin in a shard of two.
    private func user(in shard: Int) -> String {
        let user = (1...100).first { ShardKey.shard(of: "{u\($0)}", count: 2) == shard }
        return "{u\(user ?? 0)}"
    }

    @Test func `a shard moves to other nodes under load`() async throws {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            let writers = (0..<4).map { lane in
                Task { @ReactorActor in
                    try await cluster.count(
                        users: lane * 5 + 1...lane * 5 + 5, rounds: 30, client: "w")
                }
            }
            try await cluster.move(0, to: second)
            for writer in writers { try await writer.value }
            try await cluster.expectCounts(users: 1...20, 30)
            #expect(cluster.nodes(of: 1) == second)
        }
    }

    @Test(arguments: [1, 2])
    func `a move whose source is partitioned ends on one side, whole`(_ cutOff: Int) async throws {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            let first = ["store-1-1", "store-1-2", "store-1-3"]
            let leader = try await cluster.leader(of: 0)
            let writers = (0..<4).map { lane in
                Task { @ReactorActor in
                    try await cluster.count(
                        users: lane * 5 + 1...lane * 5 + 5, rounds: 20, client: "w")
                }
            }
            let asked = Task { @ReactorActor in
                try await cluster.ask(
                    leader, "SHARD", "MOVE", "0", "TO", "store-2-1", "store-2-2", "store-2-3")
            }
            try await cluster.until("the new nodes are being told") {
                cluster.nodes(of: 0).contains("store-2-1") ? () : nil
            }
            // The leader alone, or with a follower, and so a majority of the source.
            let others = first.filter { $0 != leader }
            for name in [leader] + others.prefix(cutOff - 1) {
                try cluster.server(name).host.isCutOff = true
            }
            try await cluster.until("the old leader knows that it is cut off") {
                try cluster.server(leader).shards[GroupID(0)]?.isLeader != true ? () : nil
            }
            for name in first { try cluster.server(name).host.isCutOff = false }
            _ = try? await asked.value
            for writer in writers { try await writer.value }
            try await cluster.until("all votes are on one side") { () -> Void? in
                let leader = try cluster.server(try await cluster.leader(of: 0))
                guard let members = leader.shards[GroupID(0)]?.membership, !members.isJoint
                else { return nil }
                let names = members.voters.map(leader.routes.name).sorted()
                return names == second || names == first ? () : nil
            }
            try await cluster.expectCounts(users: 1...20, 20)
            let key = "\(user(in: 0)):n"
            var owners: [String] = []
            for name in cluster.names {
                if case .bulk = try await cluster.ask(name, "GET", key) { owners.append(name) }
            }
            #expect(owners.count == 1, "\(owners)")
            // What was left undone can be asked for again, of whoever leads.
            try await cluster.move(0, to: second)
            try await cluster.expectCounts(users: 1...20, 20)
        }
    }

    @Test func `a move that is cut off leaves no learners behind`() async throws {
        var patience = TransactionLimits()
        patience.learnerLifetime = .milliseconds(400)
        try await ShardCluster.with(shards: 2, patience: patience) { cluster in
            let leader = try await cluster.leader(of: 0)
            for name in second { try cluster.server(name).host.isCutOff = true }
            let asked = Task { @ReactorActor in
                try await cluster.ask(leader, ["SHARD", "MOVE", "0", "TO"] + second)
            }
            try await cluster.until("the new nodes are learners") {
                let members = try cluster.server(leader).shards[GroupID(0)]?.membership
                return members?.learners.count == 3 ? () : nil
            }
            try await cluster.stop(leader)
            _ = try? await asked.value
            let next = try await cluster.leader(of: 0)
            try await cluster.until("the next leader has let them go") {
                let members = try cluster.server(next).shards[GroupID(0)]?.membership
                return members?.learners.isEmpty == true ? () : nil
            }
            for name in second { try cluster.server(name).host.isCutOff = false }
            try cluster.start(leader)
            // And it can be asked for again.
            try await cluster.move(0, to: second)
            #expect(cluster.nodes(of: 0) == second)
        }
    }

    @Test func `a client that asks the old nodes is sent on, with the newer version`() async throws
    {
        try await ShardCluster.with(shards: 2) { cluster in
            let key = "\(user(in: 0)):n"
            #expect(try await cluster.call("SET", key, "v") == .simple("OK"))
            try await cluster.move(0, to: second)
            let text = try await cluster.until("the old node knows the new leader") {
                let reply = try await cluster.ask("store-1-1", "GET", key)
                guard case .error(let text) = reply, reply.errorCode == "WRONGSHARD" else {
                    return nil as String?
                }
                let leader = try cluster.server(try await cluster.leader(of: 0)).address
                return text.hasSuffix(" \(leader)") ? text : nil
            }
            let version = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            #expect(try #require(version) > 1, "\(text)")
            #expect(try await cluster.call("GET", key) == .bulk("v"))
            // A node without a shard still says what it is.
            let role = try await cluster.ask("store-1-1", "ROLE").elements
            #expect(role?.first == .bulk("follower"))
        }
    }

    @Test func `nodes that a shard has left do not found it again`() async throws {
        try await ShardCluster.with(shards: 2) { cluster in
            let key = "\(user(in: 0)):n"
            #expect(try await cluster.call("SET", key, "v") == .simple("OK"))
            try await cluster.move(0, to: second)
            for name in cluster.names { try await cluster.stop(name) }
            for name in cluster.names { try cluster.start(name) }
            #expect(try await cluster.call("GET", key) == .bulk("v"))
            #expect(cluster.nodes(of: 0) == second)
        }
    }

    @Test func `half of a shard moves, the other half stays`() async throws {
        try await ShardCluster.with(shards: 2, limits: shortLog) { cluster in
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            let child = try await cluster.split(0)
            _ = try await cluster.leader(of: child)
            try await cluster.move(child, to: second)
            #expect(cluster.nodes(of: 0) == ["store-1-1", "store-1-2", "store-1-3"])
            try await cluster.count(users: 1...20, rounds: 1, client: "b")
            try await cluster.expectCounts(users: 1...20, 2)
            let lines = try await cluster.ask("store-1-1", "SHARD", "STATUS").elements ?? []
            #expect(lines.count == 3)
        }
    }

    @Test func `a leader can be chosen, and a move to nowhere is refused`() async throws {
        try await ShardCluster.with { cluster in
            let leader = try await cluster.leader(of: 0)
            let next = try #require(cluster.names.first { $0 != leader })
            #expect(try await cluster.ask(leader, "SHARD", "LEAD", "0", next) == .simple("OK"))
            try await cluster.until("\(next) leads") {
                try await cluster.leader(of: 0) == next ? () : nil
            }
            let nowhere = try await cluster.ask(next, "SHARD", "MOVE", "0", "TO", "store-9-9")
            #expect(nowhere.errorCode == "ERR")
            #expect(try await cluster.ask(next, "SHARD", "LEAD", "0", "x").errorCode == "ERR")
            let place = try await cluster.ask(next, "SHARD", "KEY", "{u1}:n").elements
            #expect(place?.last == .integer(0))
        }
    }
}
