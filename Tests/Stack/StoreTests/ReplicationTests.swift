// What a shard promises its clients, through elections, crashes and partitions.

import Endpoints
import Linux
import Reactor
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
            let seeker = cluster.seeker()
            for number in 1...20 {
                let reply = try await seeker.call(
                    ["SET", "k\(number)", "v\(number)", "ID", "c", "\(number)"], deadline: soon())
                #expect(reply.value == .simple("OK"))
            }
            let first = try await cluster.leader()
            await cluster.stop(first)
            for number in 1...20 {
                let reply = try await seeker.call(["GET", "k\(number)"], deadline: soon())
                #expect(reply.value == .bulk("v\(number)"))
            }
            #expect(try await cluster.leader() != first)
        }
    }
}
