// A follower whose entries are gone from the leader's log is brought up by a snapshot.

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
struct SnapshotTransferTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    @Test func `a follower that was away too long gets the state and goes on from it`() async throws
    {
        try await Cluster.with(limits: shortLog) { cluster in
            let leader = try await cluster.leader()
            let away = leader % 3 + 1
            try await cluster.write(1...3)
            _ = try await cluster.ask(leader, "INCRBY", "n", "5", "ID", "counter", "1")
            try await cluster.settle()
            try await cluster.stop(away)
            try await cluster.write(4...100)
            _ = try await cluster.until("the log is compacted") {
                let status = try cluster.server(leader).replica.status
                return status.compacted > LogIndex(50) ? true : nil
            }
            try cluster.start(away)
            try await cluster.settle()
            try expectState(of: cluster.server(away).replica, 1...100)
            let compacted = try cluster.server(away).replica.status.compacted
            #expect(compacted > LogIndex(50), "it came by snapshot")

            // The installed state leads on: restarts, remembers requests, and can win an election.
            try await cluster.write(101...110)
            try await cluster.settle()
            try await cluster.stop(away)
            try cluster.start(away)
            try await cluster.write(111...115)
            try await cluster.settle()
            try await cluster.stop(leader)
            try await cluster.expectWritten(1...115)
            let reply = try await cluster.seeker().call(
                ["INCRBY", "n", "5", "ID", "counter", "1"], deadline: soon())
            #expect(reply.value == .integer(5))
        }
    }

    private func expectState(of replica: StoreGroup, _ numbers: ClosedRange<Int>) throws {
        for number in numbers {
            #expect(try replica.state.table.value(of: bytes("k\(number)")) == bytes("v\(number)"))
        }
    }

    @Test func `a group with a short log keeps every write over restarts`() async throws {
        try await Cluster.with(limits: shortLog) { cluster in
            for round in 0..<3 {
                try await cluster.write(round * 50 + 1...round * 50 + 50)
                for id in 1...3 { try await cluster.stop(id) }
                for id in 1...3 { try cluster.start(id) }
            }
            try await cluster.expectWritten(1...150)
        }
    }
}
