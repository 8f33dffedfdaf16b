// A leader without its majority: it acknowledges nothing and steps down, unless the bug is planted.

import Blueprint
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
struct PartitionTests {
    @Test func `a leader that is cut off acknowledges nothing and steps down`() async throws {
        try await Cluster.with { cluster in
            try await cluster.write(1...5)
            let old = try await cluster.leader()
            let client = cluster.client(old)
            let server = try cluster.server(old)
            server.isCutOff = true
            async let write = client.call(["SET", "k1", "cut off"], deadline: soon())
            async let read = client.call(["GET", "k1"], deadline: soon())
            #expect(try await write.errorCode == "UNKNOWN")
            #expect(try await read.errorCode == "UNAVAILABLE")
            _ = try await cluster.until("it steps down") { server.replica.isLeader ? nil : true }
            let late = try await client.call(["SET", "k1", "later"], deadline: soon())
            #expect(late == .error("NOTLEADER -"))
        }
    }

    @Test func `the majority goes on, and the healed replica takes over its log`() async throws {
        try await Cluster.with { cluster in
            try await cluster.write(1...5)
            let old = try await cluster.leader()
            let server = try cluster.server(old)
            server.isCutOff = true
            // What the old leader took and could not replicate is overwritten later.
            async let lost = cluster.client(old).call(["SET", "k1", "lost"], deadline: soon())
            #expect(try await lost.errorCode == "UNKNOWN")
            _ = try await cluster.leader(among: [1, 2, 3].filter { $0 != old })
            try await cluster.write(6...10)
            server.isCutOff = false
            try await cluster.settle()
            try await cluster.expectWritten(1...10)
            #expect(try server.replica.state.table.value(of: bytes("k1")) == bytes("v1"))
            #expect(try server.replica.state.table.value(of: bytes("k10")) == bytes("v10"))
        }
    }

    @Test func `a replica that was alone for long does not depose the leader`() async throws {
        try await Cluster.with { cluster in
            let leader = try await cluster.leader()
            let term = try cluster.server(leader).replica.status.term
            let lone = try cluster.server(leader % 3 + 1)
            lone.isCutOff = true
            _ = try await cluster.until("it asks for votes") {
                lone.replica.status.role == .preCandidate ? true : nil
            }
            try await cluster.write(1...3)
            lone.isCutOff = false
            try await cluster.settle()
            #expect(try cluster.server(leader).replica.isLeader)
            #expect(try cluster.server(leader).replica.status.term == term)
        }
    }

    @Test func `a store that acknowledges early loses what it acknowledged`() async throws {
        try await Cluster.with(acknowledge: .leader) { cluster in
            try await cluster.write(1...5)
            let old = try await cluster.leader()
            let server = try cluster.server(old)
            server.isCutOff = true
            let early = try await cluster.client(old).call(
                ["SET", "k6", "v6", "ID", "early", "1"], deadline: soon())
            #expect(early == .simple("OK"))
            let next = try await cluster.leader(among: [1, 2, 3].filter { $0 != old })
            server.isCutOff = false
            #expect(try await cluster.ask(next, "GET", "k6") == .null)
        }
    }
}
