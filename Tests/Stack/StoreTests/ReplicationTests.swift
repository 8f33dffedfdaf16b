// What a shard promises its clients, through elections, crashes and partitions.

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
struct ReplicationTests {
    @Test func `a new group elects a leader, and what it acknowledges can be read`() async throws {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            #expect(try await cluster.ask(leader, "SET", "{u1}:a", "one") == .simple("OK"))
            #expect(try await cluster.ask(leader, "GET", "{u1}:a") == .bulk("one"))
            #expect(try await cluster.ask(leader, "GET", "{u1}:b") == .null)
            let role = try await cluster.ask(leader, "ROLE").elements
            #expect(role?.first == .bulk("leader"))
            #expect(role?[2] == .integer(Int64(leader)))
        }
    }

    @Test func `a follower sends readers and writers to the leader`() async throws {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            _ = try await cluster.ask(leader, "SET", "a", "1")
            let follower = leader % 3 + 1
            let address = try cluster.server(leader).address
            let redirect = RESPValue.error("NOTLEADER \(address)")
            _ = try await cluster.until("the follower knows the leader") {
                try await cluster.ask(follower, "GET", "a") == redirect ? true : nil
            }
            #expect(try await cluster.ask(follower, "SET", "a", "2") == redirect)
        }
    }

    @Test func `after the leader is gone another one has every acknowledged write`() async throws {
        try await Cluster.with { cluster in
            try await cluster.write(1...20)
            let first = try await cluster.leader()
            try await cluster.stop(first)
            try await cluster.expectWritten(1...20)
            #expect(try await cluster.leader() != first)
        }
    }

    @Test func `a replica that was away has what it missed after it starts again`() async throws {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            let away = leader % 3 + 1
            try await cluster.write(1...10)
            try await cluster.settle()
            try await cluster.stop(away)
            try await cluster.write(11...20)
            try cluster.start(away)
            try await cluster.settle()
            let state = try cluster.server(away).replica.state
            for number in 1...20 {
                #expect(try state.table.value(of: bytes("k\(number)")) == bytes("v\(number)"))
            }
        }
    }

    @Test func `a group that was killed as a whole comes back with every write`() async throws {
        try await Cluster.with { cluster in
            try await cluster.write(1...30)
            for id in 1...3 { try await cluster.stop(id) }
            for id in 1...3 { try cluster.start(id) }
            try await cluster.expectWritten(1...30)
            // Terms are remembered: a second leader of an old term would be a split brain.
            let leader = try await cluster.leader()
            #expect(try cluster.server(leader).replica.status.term >= Term(2))
        }
    }

    @Test func `many writers share their fsyncs`() async throws {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            let before = try cluster.server(leader).host.figures.syncCount
            let client = cluster.client(leader)
            let writers = (1...400).map { number in
                Task { @ReactorActor in
                    try await client.call(["SET", "k\(number)", "v"], deadline: soon())
                }
            }
            for writer in writers { #expect(try await writer.value == .simple("OK")) }
            let syncs = try cluster.server(leader).host.figures.syncCount - before
            #expect(syncs > 0)
            #expect(syncs < 100, "400 writes took \(syncs) fsyncs")
        }
    }

    @Test func `a leader that is asked to end hands over first`() async throws {
        try await Cluster.with { cluster in
            let first = try await cluster.leader()
            try await cluster.write(1...3)
            let server = try cluster.server(first)
            let term = server.replica.status.term
            await server.drain()
            #expect(!server.replica.isLeader)
            let second = try await cluster.leader()
            // One election, won at once: the next term, without an election timeout.
            #expect(try cluster.server(second).replica.status.term == Term(term.rawValue + 1))
            try await cluster.expectWritten(1...3)
        }
    }
}
