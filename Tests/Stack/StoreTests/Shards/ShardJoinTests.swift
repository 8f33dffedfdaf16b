// Nodes that come up and are given their share: one that nobody knew of, and those that had lost theirs.

import Blueprint
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Store

struct NewcomerTests {
    private func newcomer(_ name: String, _ host: UInt8 = 9) -> Newcomer? {
        let ip = IPv4Address(127, 0, 0, host)
        return Newcomer(
            name: name, client: SocketAddress(ip: ip, port: 7000),
            peer: SocketAddress(ip: ip, port: 7001))
    }

    @Test func `news come back as they were told, and torn ones are refused`() throws {
        let own = try #require(newcomer("store-4"))
        let route = ShardRoute(
            shard: GroupID(3), ownership: .everything, commit: LogIndex(7), term: Term(2),
            leader: NodeID(1), members: [NodeID(1), NodeID(2)], absorbed: [9],
            voters: [NodeID(1)])
        let news = StoreNews(isAsking: true, newcomers: [own], routes: [route])
        let bytes = news.encoded
        #expect(try StoreNews(decoding: bytes) == news)
        for count in 0..<bytes.count {
            let part = Array(bytes.prefix(count))
            #expect(throws: ByteReaderError.self) { try StoreNews(decoding: part) }
        }
    }

    @Test(arguments: ["", "two words", "a@b", "tab\t"])
    func `a name that no table of routes could hold is none`(_ name: String) {
        #expect(newcomer(name) == nil)
    }

    @Test func `a newcomer's number is none of the blueprint's and its own`() throws {
        let numbers = try (1...64).map { try #require(newcomer("node-\($0)")).id }
        #expect(Set(numbers).count == 64)
        #expect(numbers.allSatisfy { $0.rawValue >= 1 << 48 })
    }

    @Test func `only who asks is given anything`() {
        let crowded: [GroupID: [NodeID]] = [
            GroupID(0): [NodeID(1)], GroupID(1): [NodeID(1)], GroupID(2): [NodeID(1)],
        ]
        let nodes = [NodeID(1), NodeID(2), NodeID(3)]
        #expect(ShardBalance.next(crowded, nodes: nodes, to: [NodeID(3)])?.to == NodeID(3))
        #expect(ShardBalance.next(crowded, nodes: nodes, to: []) == nil)
        #expect(ShardBalance.next(crowded, nodes: nodes, to: [NodeID(1)]) == nil)
    }
}

@ReactorActor
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ShardJoinTests {
    private let first = ["store-1-1", "store-1-2", "store-1-3"]
    private let second = ["store-2-1", "store-2-2", "store-2-3"]
    private let fourth = "store-4"

    /// Splits until so many shards are there, each with a leader.
    private func split(_ cluster: ShardCluster, into count: Int) async throws {
        var shards: [UInt64] = [0]
        while shards.count < count {
            for shard in shards where shards.count < count {
                let child = try await cluster.split(shard)
                _ = try await cluster.leader(of: child)
                shards.append(child)
            }
        }
    }

    private func join(_ cluster: ShardCluster, _ own: ReplicaAddress) async throws {
        #expect(
            try await cluster.ask(
                "store-1-2", "SHARD", "JOIN", own.client.name, "\(own.client.address)",
                "\(own.peer)") == .simple("OK"))
    }

    private func expectSpread(
        _ cluster: ShardCluster, over names: [String], each count: Int
    ) async throws {
        try await cluster.until("the shards are spread by themselves") {
            names.allSatisfy { cluster.servers[$0]?.shards.count == count } ? () : nil
        }
    }

    @Test func `a fourth node that joins late is given its share under load`() async throws {
        try await ShardCluster.with(rebalance: .automatic) { cluster in
            try await split(cluster, into: 4)
            let writers = (0..<4).map { lane in
                Task { @ReactorActor in
                    try await cluster.count(
                        users: lane * 5 + 1...lane * 5 + 5, rounds: 30, client: "w")
                }
            }
            try await join(cluster, cluster.startNewcomer(fourth))
            try await expectSpread(cluster, over: first + [fourth], each: 3)
            for writer in writers { try await writer.value }
            try await cluster.expectCounts(users: 1...20, 30)
            // And all find each other again, the newcomer too, that no blueprint names.
            for name in first + [fourth] { try await cluster.stop(name) }
            for name in first { try cluster.start(name) }
            _ = try cluster.startNewcomer(fourth)
            try await cluster.expectCounts(users: 1...20, 30)
            #expect(try await cluster.ask(fourth, "PING") == .simple("PONG"))
        }
    }

    @Test func `a joiner that dies with its planner half way is given the rest all the same`()
        async throws
    {
        try await ShardCluster.with(rebalance: .automatic) { cluster in
            try await split(cluster, into: 4)
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            try await join(cluster, cluster.startNewcomer(fourth))
            try await cluster.until("the first replica has moved") {
                cluster.nodes(of: 0).contains(fourth)
                    || (cluster.servers[fourth]?.shards.isEmpty == false) ? () : nil
            }
            let planner = try await cluster.leader(of: 0)
            for name in Set([fourth, planner]) { try await cluster.stop(name) }
            if planner != fourth { try cluster.start(planner) }
            _ = try cluster.startNewcomer(fourth)
            try await expectSpread(cluster, over: first + [fourth], each: 3)
            try await cluster.expectCounts(users: 1...20, 1)
        }
    }

    @Test func `nodes that come back to nothing are given a share, and what was moved stays moved`()
        async throws
    {
        try await ShardCluster.with(shards: 2, rebalance: .automatic) { cluster in
            try await cluster.until("nobody asks for anything any more") {
                cluster.servers.values.allSatisfy { !$0.isAskingForShare } ? () : nil
            }
            try await cluster.count(users: 1...20, rounds: 1, client: "a")
            try await cluster.move(1, to: first)
            _ = try await cluster.split(0)
            // Four replicas more than on the other nodes, and nobody has asked for any.
            let leader = try await cluster.leader(of: 0)
            #expect(try cluster.server(leader).balancePlan.isEmpty == false)
            for name in second { try await cluster.stop(name) }
            for name in second { try cluster.start(name) }
            try await cluster.until("they have come by something") {
                second.allSatisfy { (cluster.servers[$0]?.shards.count ?? 0) >= 1 } ? () : nil
            }
            try await cluster.expectCounts(users: 1...20, 1)
        }
    }

    @Test func `what is no node, or another one under a known name, cannot join`() async throws {
        try await ShardCluster.with { cluster in
            let place = "127.0.0.1:1"
            for words in [["x"], ["x", "nowhere", place], ["a b", place, place]] {
                let reply = try await cluster.ask("store-1-1", ["SHARD", "JOIN"] + words)
                #expect(reply.errorCode == "ERR", "\(words)")
            }
            let taken = try await cluster.ask(
                "store-1-1", "SHARD", "JOIN", "store-1-2", place, place)
            #expect(taken.errorCode == "UNAVAILABLE")
        }
    }
}
