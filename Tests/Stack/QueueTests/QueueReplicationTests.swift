// Three nodes: what a majority has stays, whoever is killed, and a lease is one lease over
// failovers.

import Blueprint
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(2)))
struct QueueReplicationTests {
    @Test func `what was acknowledged survives its leader, in its order`() async throws {
        try await QueueCluster.with { cluster in
            for number in 0..<20 {
                #expect(try await cluster.publish("m\(number)") == .integer(Int64(number)))
            }
            try await cluster.stop(try await cluster.leader())
            #expect(try await cluster.depth() == [20, 0, 0])
            let leases = try await cluster.fetch(1, 20)
            #expect(leases.map(\.text) == (0..<20).map { "m\($0)" })
        }
    }

    @Test func `a message sent again after a failover is the same message`() async throws {
        try await QueueCluster.with { cluster in
            let first = try await cluster.publish("a", id: ["ID", "p", "1"])
            try await cluster.stop(try await cluster.leader())
            #expect(try await cluster.publish("a", id: ["ID", "p", "1"]) == first)
            #expect(try await cluster.depth() == [1, 0, 0])
        }
    }

    @Test func `a lease outlives its leader, and a second one fences it`() async throws {
        try await QueueCluster.with { cluster in
            try await cluster.publish("a")
            try await cluster.publish("b")
            let lasting = try #require(try await cluster.fetch(1, 1).first)
            let late = try #require(try await cluster.fetch(1, 1, visibility: 50).first)
            try await cluster.stop(try await cluster.leader())
            let current = try #require(try await cluster.fetch(1, 1, wait: 10_000).first)
            #expect(current.text == "b")
            #expect(current.attempt == 2)
            #expect(try await cluster.acknowledge(late) == .error("FENCED the lease is over"))
            #expect(try await cluster.acknowledge(lasting) == .simple("OK"))
            #expect(try await cluster.acknowledge(current) == .simple("OK"))
            #expect(try await cluster.depth() == [0, 0, 0])
        }
    }

    @Test func `a leader without its followers acknowledges nothing`() async throws {
        try await QueueCluster.with { cluster in
            try await cluster.publish("a")
            let leader = try await cluster.leader()
            let server = try #require(cluster.servers[leader])
            server.host.isCutOff = true
            let reply = try await cluster.ask(leader, "PUBLISH", "orders", "k", "lost")
            guard case .error(let text) = reply else {
                Issue.record("acknowledged: \(reply)")
                return
            }
            #expect(text.hasPrefix("UNKNOWN") || text.hasPrefix("NOTLEADER"))
            server.host.isCutOff = false
            #expect(try await cluster.publish("b") != .null)
            let texts = try await cluster.fetch().map(\.text)
            #expect(texts.first == "a")
            #expect(texts.contains("b"))
        }
    }

    @Test func `all nodes go down at once and nothing is lost`() async throws {
        try await QueueCluster.with(partitions: 2) { cluster in
            for number in 0..<30 { try await cluster.publish("m\(number)", key: "k\(number)") }
            let done = try #require(try await cluster.fetch(2, 1).first)
            #expect(try await cluster.acknowledge(done) == .simple("OK"))
            for id in 1...3 { try await cluster.stop(id) }
            for id in 1...3 { try cluster.start(id) }
            let first = try await cluster.fetch(1, 30)
            let second = try await cluster.fetch(2, 30)
            #expect(first.count + second.count == 29)
            #expect(!second.contains { $0.text == done.text })
        }
    }

    @Test func `a node that was away gets a snapshot where the log is gone`() async throws {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        try await QueueCluster.with(limits: limits) { cluster in
            _ = try await cluster.leader()
            try await cluster.stop(3)
            for number in 0..<200 { try await cluster.publish("m\(number)") }
            let leader = try await cluster.leader()
            let state = try #require(cluster.servers[leader]).replicas[0].group.state
            _ = try await cluster.until("a checkpoint") {
                state.checkpointed.index.rawValue > 100 ? true : nil
            }
            try cluster.start(3)
            let late = try #require(cluster.servers[3]).replicas[0].group.state
            _ = try await cluster.until("the late node has caught up") {
                late.partition.snapshot == state.partition.snapshot ? true : nil
            }
            #expect(late.partition.messageCount == 200)
            try await cluster.stop(leader == 3 ? 1 : leader)
            #expect(try await cluster.depth() == [200, 0, 0])
        }
    }

    @Test func `a large state is not written again for every few entries`() async throws {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 10
        try await QueueCluster.with(nodes: 1, limits: limits) { cluster in
            let text = String(repeating: "x", count: 4000)
            for _ in 0..<50 { try await cluster.publish(text) }
            let state = try #require(cluster.servers[1]).replicas[0].group.state
            _ = try await cluster.until("a checkpoint") {
                state.checkpointBytes > 100_000 ? true : nil
            }
            var places: Set<UInt64> = []
            for _ in 0..<60 {
                try await cluster.call(1, ["JOIN", "orders", "workers", "w", "1"])
                places.insert(state.checkpointed.index.rawValue)
            }
            #expect(places.count <= 2)
        }
    }

    @Test func `leaders of the partitions are spread over the nodes`() async throws {
        try await QueueCluster.with(partitions: 3) { cluster in
            for partition in 1...3 {
                _ = try await cluster.until("partition \(partition) is led where it should be") {
                    cluster.servers[partition]?.replicas[partition - 1].group.isLeader == true
                        ? true : nil
                }
            }
        }
    }

    @Test func `a partition file that is damaged is an error and never a guess`() async throws {
        let folder = "/tmp/queue-file-\(CurrentProcess.id)"
        defer { try? File.removeTree(folder) }
        let founders = Membership(voters: [NodeID(1)])
        let state = try PartitionState(
            folder: folder, index: 0, policy: PartitionBench.policy, founders: founders)
        let batch = CommandBatch(time: .zero, commands: [.tick, .tick])
        let entry = LogEntry(index: LogIndex(1), term: Term(1), payload: .command(batch.encoded))
        #expect(state.apply([entry]) == [[.done, .done]])
        #expect(state.apply([entry]) == [nil])
        try await state.checkpoint()
        func reopen(index: Int = 0, partitions: Int = 4) throws(PartitionStateError) -> LogIndex {
            var policy = PartitionBench.policy
            policy.partitionCount = partitions
            return try PartitionState(
                folder: folder, index: index, policy: policy, founders: founders
            ).applied.index
        }
        #expect(try reopen() == LogIndex(1))
        #expect(throws: PartitionStateError.self) { try reopen(partitions: 5) }
        let path = "\(folder)/partition-1"
        let whole = try File.contents(of: path)
        for place in [0, 10, whole.count - 1] {
            var bytes = whole
            bytes[place] ^= 0x10
            try File.save(bytes, to: path)
            #expect(throws: PartitionStateError.self) { try reopen() }
        }
        try File.save([1, 2], to: path)
        #expect(throws: PartitionStateError.self) { try reopen() }
    }
}
