// Shards spread over the nodes that are there: the plan, and a store that carries it out under load.

import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Store

struct ShardBalancePlanTests {
    private func shards(_ members: [Int]...) -> [GroupID: [NodeID]] {
        var shards: [GroupID: [NodeID]] = [:]
        for (shard, nodes) in members.enumerated() {
            shards[GroupID(UInt64(shard))] = nodes.map { NodeID(UInt64($0)) }
        }
        return shards
    }

    private func nodes(_ range: ClosedRange<Int>) -> [NodeID] { range.map { NodeID(UInt64($0)) } }

    private func counts(_ shards: [GroupID: [NodeID]], _ nodes: [NodeID]) -> [Int] {
        nodes.map { node in shards.values.count { $0.contains(node) } }
    }

    @Test(arguments: 1...12)
    func `however many shards, no node has two more than another in the end`(_ count: Int) {
        var state: [GroupID: [NodeID]] = [:]
        for shard in 0..<count { state[GroupID(UInt64(shard))] = nodes(1...3) }
        let moves = ShardBalance.plan(state, nodes: nodes(1...6))
        for move in moves {
            #expect(Set(move.members).count == 3)
            let old = Set(state[move.shard] ?? [])
            #expect(old.subtracting(move.members).count == 1)
            state[move.shard] = move.members
        }
        let after = counts(state, nodes(1...6))
        #expect((after.max() ?? 0) - (after.min() ?? 0) <= 1, "\(after)")
    }

    @Test func `what is spread already stays, and nodes that are away get nothing`() {
        #expect(ShardBalance.next(shards([1, 2, 3], [4, 5, 6]), nodes: nodes(1...6)) == nil)
        #expect(ShardBalance.next(shards([1, 2, 3]), nodes: nodes(1...6)) == nil)
        let moves = ShardBalance.plan(shards([1, 2, 3], [1, 2, 3]), nodes: nodes(1...4))
        #expect(moves.map(\.to) == nodes(4...4))
        #expect(ShardBalance.next([:], nodes: []) == nil)
    }
}

@ReactorActor
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ShardBalanceTests {
    private let first = ["store-1-1", "store-1-2", "store-1-3"]
    private let second = ["store-2-1", "store-2-2", "store-2-3"]

    private func counts(_ cluster: ShardCluster) -> [Int] {
        cluster.names.map { cluster.servers[$0]?.shards.count ?? 0 }
    }

    /// Six shards on the first three nodes; the others are away.
    private func crowd(_ cluster: ShardCluster) async throws {
        try await cluster.move(1, to: first)
        for name in second { try await cluster.stop(name) }
        let half = try await cluster.split(0)
        for shard in [0, half, 1] {
            _ = try await cluster.leader(of: shard)
            let child = try await cluster.split(shard)
            _ = try await cluster.leader(of: child)
        }
        try await cluster.until("all are on the first nodes") {
            self.counts(cluster).prefix(3).allSatisfy { $0 == 6 } ? () : nil
        }
    }

    private func expectSpread(_ cluster: ShardCluster) async throws {
        try await cluster.until("the shards are spread") {
            let counts = self.counts(cluster)
            return counts.allSatisfy { $0 == 3 } ? () : nil
        }
    }

    private func balance(_ cluster: ShardCluster, through name: String) async throws {
        try await cluster.until("\(name) knows all nodes") {
            let server = try cluster.server(name)
            return server.routes.present.count == 6 && server.routes.known.count == 6 ? () : nil
        }
        try await cluster.until("the store is balanced") {
            let reply = try? await cluster.askPatiently(name, "SHARD", "BALANCE")
            return reply?.integer == nil ? nil : ()
        }
    }

    @Test func `when three nodes join, the shards of the others spread over all six`() async throws
    {
        try await ShardCluster.with(shards: 2) { cluster in
            try await crowd(cluster)
            for name in second { try cluster.start(name) }
            let writer = Task { @ReactorActor in
                try await cluster.count(users: 1...20, rounds: 20, client: "w")
            }
            try await balance(cluster, through: "store-2-1")
            try await expectSpread(cluster)
            try await writer.value
            try await cluster.expectCounts(users: 1...20, 20)
            #expect(try await cluster.ask("store-2-1", "SHARD", "BALANCE") == .integer(0))
            let plan = try await cluster.ask("store-1-1", "SHARD", "BALANCE", "PLAN")
            #expect(plan.elements?.isEmpty == true)
        }
    }

    @Test func `a balancing whose coordinator dies is taken up by another node`() async throws {
        try await ShardCluster.with(shards: 2) { cluster in
            try await crowd(cluster)
            for name in second { try cluster.start(name) }
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            let first = Task { @ReactorActor in
                try await balance(cluster, through: "store-2-1")
            }
            try await cluster.until("the first replica has moved") {
                self.counts(cluster).suffix(3).contains { $0 > 0 } ? () : nil
            }
            first.cancel()
            try await cluster.stop("store-2-1")
            try cluster.start("store-2-1")
            try await balance(cluster, through: "store-1-2")
            try await expectSpread(cluster)
            try await cluster.expectCounts(users: 1...20, 1)
            _ = try? await first.value
        }
    }
}
