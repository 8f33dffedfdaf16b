// The commands over the wire, on a queue of one node.

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
@Suite(.serialized, .timeLimit(.minutes(1)))
struct QueueCommandTests {
    @Test func `messages go in and out in order`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            for number in 0..<5 {
                #expect(try await cluster.publish("p\(number)") == .integer(Int64(number)))
            }
            let leases = try await cluster.fetch()
            #expect(leases.map(\.text) == (0..<5).map { "p\($0)" })
            #expect(leases.allSatisfy { $0.attempt == 1 })
            #expect(try await cluster.depth() == [0, 5, 0])
        }
    }

    @Test func `a fetch waits for a message, and for no longer than it says`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            try await cluster.publish("first")
            _ = try await cluster.fetch()
            let start = MonotonicTime.now()
            #expect(try await cluster.fetch(wait: 100).isEmpty)
            #expect(MonotonicTime.now() - start >= .milliseconds(100))
            let waiting = Task { @ReactorActor in try await cluster.fetch(wait: 20_000) }
            _ = try await cluster.until("somebody waits") {
                cluster.servers[1]?.replicas[0].polls.waiterCount == 1 ? true : nil
            }
            let offset = try await cluster.ask(1, "PUBLISH", "orders", "k", "second")
            #expect(offset == .integer(1))
            #expect(try await waiting.value.map(\.text) == ["second"])
        }
    }

    @Test func `a delivery that runs out wakes who waits`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            try await cluster.publish("a")
            #expect(try await cluster.fetch(visibility: 80).count == 1)
            let again = try await cluster.fetch(wait: 15_000)
            #expect(again.map(\.attempt) == [2])
        }
    }

    @Test func `a second poll of a member ends the first`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            let replica = try #require(cluster.servers[1]?.replicas[0])
            _ = try await cluster.leader()
            let first = Task { @ReactorActor in
                try await cluster.ask(
                    1, "FETCH", "orders", "workers", "1", "w", "1", "1", "1000", "20000")
            }
            _ = try await cluster.until("the first waits") {
                replica.polls.waiterCount == 1 ? true : nil
            }
            let second = Task { @ReactorActor in try await cluster.fetch(wait: 20_000) }
            #expect(try await first.value == .array([]))
            try await cluster.publish("a")
            #expect(try await second.value.map(\.text) == ["a"])
        }
    }

    @Test func `a member polls in several lanes, and each message comes to one of them`()
        async throws
    {
        try await QueueCluster.with(nodes: 1) { cluster in
            let replica = try #require(cluster.servers[1]?.replicas[0])
            _ = try await cluster.leader()
            func poll(_ lane: String) -> Task<[String], any Error> {
                Task { @ReactorActor in
                    let reply = try await cluster.ask(
                        1, "FETCH", "orders", "workers", "1", "w", "1", "1", "60000", "20000",
                        "LANE", lane)
                    return (reply.elements ?? []).compactMap {
                        ReceivedLease($0, partition: 1)?.text
                    }
                }
            }
            let polls = [poll("1"), poll("2")]
            _ = try await cluster.until("both wait") {
                replica.polls.waiterCount == 2 ? true : nil
            }
            for number in 0..<2 { try await cluster.publish("m\(number)") }
            var all: [String] = []
            for poll in polls { all += try await poll.value }
            #expect(all.sorted() == ["m0", "m1"])
        }
    }

    @Test func `whoever waits is handed a message by the entry that brings it`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            let replica = try #require(cluster.servers[1]?.replicas[0])
            try await cluster.publish("first")
            _ = try await cluster.fetch()
            let waiting = Task { @ReactorActor in try await cluster.fetch(wait: 20_000) }
            _ = try await cluster.until("somebody waits") {
                replica.polls.waiterCount == 1 ? true : nil
            }
            let commit = replica.group.status.commit
            try await cluster.publish("second")
            #expect(try await waiting.value.map(\.text) == ["second"])
            #expect(replica.group.status.commit == commit.next, "the message and its fetch")
        }
    }

    @Test func `commands that come together are one entry, and each has its own answer`()
        async throws
    {
        try await QueueCluster.with(nodes: 1) { cluster in
            let replica = try #require(cluster.servers[1]?.replicas[0])
            try await cluster.publish("first")
            let client = RESPClient(cluster.nodes[0].client.address)
            defer { client.close() }
            #expect(try await client.call(["PING"], deadline: soon()) == .simple("PONG"))
            let commit = replica.group.status.commit
            let calls = (1...60).map { number in
                // One in three is refused when it is applied, and the others are not.
                let words =
                    number % 3 == 0
                    ? ["ACK", "orders", "workers", "1", "9.\(number)"]
                    : ["PUBLISH", "orders", "k", "m\(number)"]
                return Task { @ReactorActor in try await client.call(words, deadline: soon()) }
            }
            var answers: [RESPValue] = []
            for call in calls { answers.append(try await call.value) }
            #expect(answers.compactMap(\.integer) == Array(1...40))
            #expect(answers.count { $0 == .error("FENCED the lease is over") } == 20)
            #expect(commit.distance(to: replica.group.status.commit) <= 10)
            let leases = try await cluster.fetch(1, 100)
            #expect(leases.map(\.text).contains("m59"))
        }
    }

    @Test func `failed tries end in the dead-letter topic, with the reason`() async throws {
        try await QueueCluster.with(
            nodes: 1,
            adjust: {
                $0.tries = 2
                $0.retryDelayMin = .milliseconds(2)
            }
        ) { cluster in
            try await cluster.publish("bad")
            for attempt in 1...2 {
                let lease = try #require(try await cluster.fetch(1, 1, wait: 10_000).first)
                #expect(lease.attempt == attempt)
                let reply = try await cluster.call(
                    1, ["REJECT", "orders", "workers", "1", lease.token, "RETRY", "no stock"])
                if attempt == 2 { #expect(reply == .simple("BURIED")) }
            }
            #expect(try await cluster.depth() == [0, 0, 0])
            let reply = try await cluster.call(
                1, ["FETCH", "orders.dead", "people", "1", "me", "1", "9", "1000", "0"])
            let parts = try #require(reply.elements?.first?.elements)
            #expect(
                Array(parts.dropFirst(3)) == [
                    .bulk("bad"), .bulk("failed"), .bulk("no stock"), .bulk("workers"),
                    .integer(2), .integer(0),
                ])
        }
    }

    @Test func `leases are released, extended and fenced`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            try await cluster.publish("a")
            let lease = try #require(try await cluster.fetch(visibility: 60_000).first)
            func say(_ words: String...) async throws -> RESPValue {
                try await cluster.call(
                    1, [words[0], "orders", "workers", "1", lease.token] + words.dropFirst())
            }
            #expect(try await say("EXTEND", "60000") == .simple("OK"))
            #expect(try await say("RELEASE") == .simple("OK"))
            for words in ["RELEASE", "ACK"] {
                #expect(try await say(words) == .error("FENCED the lease is over"))
            }
            #expect(try await say("EXTEND", "5") == .error("FENCED the lease is over"))
            #expect(try await say("REJECT", "RETRY", "x") == .error("FENCED the lease is over"))
            #expect(try await cluster.fetch().map(\.attempt) == [1])
            #expect(try await cluster.information(1)["fenced"] == "4")
        }
    }

    @Test func `several leases are acknowledged by one command, those that stand`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            for number in 0..<4 { try await cluster.publish("m\(number)") }
            let leases = try await cluster.fetch()
            #expect(try await cluster.acknowledge(leases[1]) == .simple("OK"))
            let commit = cluster.servers[1]?.replicas[0].group.status.commit
            let words = ["ACK", "orders", "workers", "1"] + leases.prefix(3).map(\.token)
            let reply = try await cluster.call(1, words)
            #expect(reply == .array([.integer(1), .integer(0), .integer(1)]))
            #expect(cluster.servers[1]?.replicas[0].group.status.commit == commit?.next)
            #expect(try await cluster.depth() == [0, 1, 0])
            let many = (0..<1001).map { "1.\($0)" }
            let refusal = try await cluster.call(1, ["ACK", "orders", "workers", "1"] + many)
            #expect(refusal == .error("ERR at most 999 more tokens"))
        }
    }

    @Test func `members share the partitions, and the late one is fenced`() async throws {
        try await QueueCluster.with(nodes: 1, partitions: 4) { cluster in
            func say(_ word: String, _ member: String) async throws -> RESPValue {
                try await cluster.call(1, [word, "orders", "workers", member, "7"])
            }
            let alone = try #require(ReceivedAssignment(try await say("JOIN", "w1")))
            #expect(alone.partitions == [1, 2, 3, 4])
            let second = try #require(ReceivedAssignment(try await say("JOIN", "w2")))
            let first = try #require(ReceivedAssignment(try await say("HEARTBEAT", "w1")))
            #expect(first.generation == second.generation)
            #expect(Set(first.partitions + second.partitions) == [1, 2, 3, 4])
            let moved = try #require(second.partitions.first)
            for number in 0..<40 { try await cluster.publish("m", key: "k\(number)") }
            let new = try await cluster.fetch(
                moved, member: "w2", generation: Int(second.generation), 1)
            #expect(new.count == 1)
            let late = try await cluster.call(
                moved,
                [
                    "FETCH", "orders", "workers", "\(moved)", "w1", "\(alone.generation)", "1",
                    "1000", "0",
                ])
            #expect(late == .error("FENCED generation is over"))
            #expect(try await say("LEAVE", "w1") == .simple("OK"))
            #expect(try await say("HEARTBEAT", "w1") == .error("FENCED session is over"))
        }
    }

    @Test func `a queue without room refuses at once and takes again when there is some`()
        async throws
    {
        try await QueueCluster.with(nodes: 1, adjust: { $0.memory = 1500 }) { cluster in
            let text = String(repeating: "x", count: 300)
            func publish() async throws -> RESPValue {
                try await cluster.ask(1, "PUBLISH", "orders", "k", text)
            }
            _ = try await cluster.leader()
            _ = try await cluster.until("room is used up") {
                try await publish() == .error("OVERLOADED too many bytes") ? true : nil
            }
            #expect(try await cluster.depth() == [4, 0, 0])
            let lease = try #require(try await cluster.fetch(1, 1).first)
            #expect(try await cluster.acknowledge(lease) == .simple("OK"))
            #expect(try await publish() == .integer(4))
            #expect(try await cluster.information(1)["overloaded"] != "0")
        }
    }

    @Test func `a delayed message comes when it is due`() async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            try await cluster.publish("late", id: ["DELAY", "150"])
            try await cluster.publish("now")
            #expect(try await cluster.fetch().map(\.text) == ["now"])
            #expect(try await cluster.depth() == [0, 1, 1])
            #expect(try await cluster.fetch(wait: 15_000).map(\.text) == ["late"])
        }
    }

    @Test func `a node says what it leads and how far behind its groups are`() async throws {
        try await QueueCluster.with(nodes: 1, partitions: 2) { cluster in
            for number in 0..<10 { try await cluster.publish("m", key: "k\(number)") }
            _ = try await cluster.fetch(1, 1)
            _ = try await cluster.fetch(2, 1)
            let roles = try #require(try await cluster.ask(1, "ROLE").elements)
            #expect(roles.map { $0.elements?[0].integer } == [1, 2])
            #expect(roles.allSatisfy { $0.elements?[1].text == "leader" })
            let information = try await cluster.information(1)
            #expect(information["lag_orders_workers"] == "10")
            #expect(information["published"] == "10")
            #expect(information["oldest_age_ms_orders_workers"].flatMap(Int.init) != nil)
            #expect(information["group_orders_workers_1"]?.contains("leased=1") == true)
            #expect(information["partition_2"]?.hasPrefix("role=leader,term=") == true)
        }
    }

    @Test(arguments: [
        ["PUBLISH", "orders", "k"], ["PUBLISH", "", "k", "x"], ["PUBLISH", "t", "k", "x", "ID"],
        ["PUBLISH", "t", "k", "x", "ID", "p", "-1"], ["PUBLISH", "t", "k", "x", "LATER", "5"],
        ["PUBLISH", "orders.dead", "k", "x"], ["FETCH", "t", "g", "1", "w", "1", "0", "5", "0"],
        ["FETCH", "t", "g", "1", "w", "1", "1", "0", "0"], ["ACK", "t", "g", "1", "12"],
        ["ACK", "t", "g", "1"], ["REJECT", "t", "g", "1", "1.1", "MAYBE", "x"],
        ["JOIN", "t", "g", "w", "x"], ["DEPTH", "t"], ["DANCE"],
    ])
    func `what is no command is an error and no crash`(words: [String]) async throws {
        try await QueueCluster.with(nodes: 1) { cluster in
            guard case .error(let text) = try await cluster.call(1, words) else {
                Issue.record("accepted")
                return
            }
            #expect(text.hasPrefix("ERR"))
            #expect(try await cluster.ask(1, "PING") == .simple("PONG"))
        }
    }

    @Test func `there is no partition beyond the last`() async throws {
        try await QueueCluster.with(nodes: 1, partitions: 2) { cluster in
            let reply = try await cluster.ask(1, "DEPTH", "orders", "workers", "3")
            #expect(reply == .error("WRONGPARTITION no such partition"))
        }
    }
}
