// The queue over its socket: what is acknowledged stays, what is not comes back, restarts included.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(1)))
struct QueueServerTests {
    @Test func `messages go in and out in order`() async throws {
        let fixture = try QueueFixture()
        let client = QueueClient(try fixture.start())
        for number in 0..<5 {
            #expect(try await client.enqueue("m\(number)", "p\(number)") == .integer(Int64(number)))
        }
        let deliveries = try await client.take()
        #expect(deliveries.map(\.id) == ["m0", "m1", "m2", "m3", "m4"])
        #expect(deliveries.map(\.payload) == (0..<5).map { Array("p\($0)".utf8) })
        #expect(deliveries.allSatisfy { $0.attempt == 1 })
        #expect(try await client.depth() == [0, 5, 0])
        await fixture.stop()
    }

    @Test func `the same id is the same message, also after a restart`() async throws {
        let fixture = try QueueFixture()
        var client = QueueClient(try fixture.start())
        #expect(try await client.enqueue("a") == .integer(0))
        #expect(try await client.enqueue("b") == .integer(1))
        #expect(try await client.enqueue("a") == .integer(0))
        #expect(try await client.depth() == [2, 0, 0])
        for delivery in try await client.take() {
            #expect(try await client.acknowledge(delivery.tag) == .integer(1))
        }
        client = try await fixture.restart()
        #expect(try await client.enqueue("b") == .integer(1))
        #expect(try await client.enqueue("c") == .integer(2))
        #expect(try await client.take().map(\.id) == ["c"])
        await fixture.stop()
    }

    @Test func `what was enqueued survives a restart`() async throws {
        let fixture = try QueueFixture()
        var client = QueueClient(try fixture.start())
        for number in 0..<20 { _ = try await client.enqueue("m\(number)") }
        client = try await fixture.restart()
        #expect(try await client.depth() == [20, 0, 0])
        #expect(try await client.take(20).map(\.id) == (0..<20).map { "m\($0)" })
        await fixture.stop()
    }

    @Test func `a restart delivers what was not acknowledged again, and only that`() async throws {
        let fixture = try QueueFixture()
        var client = QueueClient(try fixture.start())
        for id in ["a", "b", "c"] { _ = try await client.enqueue(id) }
        let first = try await client.take()
        #expect(try await client.acknowledge(first[1].tag) == .integer(1))
        client = try await fixture.restart()
        let second = try await client.take()
        #expect(second.map(\.id) == ["a", "c"])
        #expect(second.map(\.attempt) == [2, 2])
        #expect(try await client.acknowledge(first[0].tag) == .integer(0))
        #expect(try await client.acknowledge(second[0].tag) == .integer(1))
        client = try await fixture.restart()
        #expect(try await client.take().map(\.id) == ["c"])
        #expect(try await client.depth() == [0, 1, 2])
        await fixture.stop()
    }

    @Test func `a delivery that ran out goes to the next, and its tag is stale`() async throws {
        let fixture = try QueueFixture()
        let client = QueueClient(try fixture.start())
        _ = try await client.enqueue("a")
        let late = try #require(try await client.take(visibility: 20).first)
        let next = try #require(try await client.take(wait: 10_000).first)
        #expect(next.attempt == 2)
        #expect(try await client.acknowledge(late.tag) == .integer(0))
        #expect(try await client.depth() == [0, 1, 0])
        #expect(try await client.acknowledge(next.tag) == .integer(1))
        #expect(try await client.depth() == [0, 0, 1])
        await fixture.stop()
    }

    @Test func `a poll waits for a message and for a delivery that runs out`() async throws {
        let fixture = try QueueFixture()
        let address = try fixture.start()
        let client = QueueClient(address)
        let waiting = Task { @ReactorActor in
            try await QueueClient(address).take(wait: 20_000, worker: "waiting")
        }
        let other = Task { @ReactorActor in
            try await QueueClient(address).take(wait: 20_000, worker: "other")
        }
        _ = try await client.enqueue("a")
        _ = try await client.enqueue("b")
        let ids = try await waiting.value.map(\.id) + other.value.map(\.id)
        #expect(Set(ids) == ["a", "b"])
        #expect(try await client.take(wait: 10).isEmpty)
        await fixture.stop()
    }

    @Test func `a worker's second poll ends its first`() async throws {
        let fixture = try QueueFixture()
        let address = try fixture.start()
        let dead = Task { @ReactorActor in try await QueueClient(address).take(wait: 20_000) }
        let room = try #require(fixture.server?.service.polls)
        #expect(await eventually { room.waiterCount == 1 })
        let alive = Task { @ReactorActor in try await QueueClient(address).take(wait: 20_000) }
        #expect(try await dead.value.isEmpty)
        _ = try await QueueClient(address).enqueue("a")
        #expect(try await alive.value.map(\.id) == ["a"])
        await fixture.stop()
    }

    @Test func `what is given back is ready again`() async throws {
        let fixture = try QueueFixture()
        let client = QueueClient(try fixture.start())
        _ = try await client.enqueue("a")
        let delivery = try #require(try await client.take().first)
        #expect(try await client.call("NACK", "orders", delivery.tag) == .integer(1))
        #expect(try await client.call("NACK", "orders", delivery.tag) == .integer(0))
        #expect(try await client.take().first?.attempt == 2)
        await fixture.stop()
    }

    @Test func `one fsync is for many commands`() async throws {
        let fixture = try QueueFixture()
        let address = try fixture.start()
        let calls = (0..<200).map { number in
            Task { @ReactorActor in try await QueueClient(address).enqueue("m\(number)") }
        }
        for call in calls { _ = try await call.value }
        let facts = try await QueueClient(address).information()
        #expect(facts["enqueued"] == "200")
        #expect(try #require(facts["log_syncs"].flatMap(Int.init)) < 150)
        await fixture.stop()
    }

    @Test func `a full queue refuses and loses nothing that it has`() async throws {
        let fixture = try QueueFixture()
        fixture.options.limits.messagesMax = 3
        let client = QueueClient(try fixture.start())
        for id in ["a", "b", "c"] { _ = try await client.enqueue(id) }
        #expect(try await client.enqueue("d").errorCode == "OVERLOADED")
        #expect(try await client.enqueue("a") == .integer(0))
        let delivery = try #require(try await client.take(1).first)
        #expect(try await client.acknowledge(delivery.tag) == .integer(1))
        #expect(try await client.enqueue("d") == .integer(3))
        await fixture.stop()
    }

    @Test func `draining ends polls at once and frees the folder`() async throws {
        let fixture = try QueueFixture()
        let address = try fixture.start()
        let poll = Task { @ReactorActor in try await QueueClient(address).take(wait: 30_000) }
        let server = try #require(fixture.server)
        #expect(await eventually { server.service.polls.waiterCount == 1 })
        await server.drain()
        #expect(try await poll.value.isEmpty)
        let client = QueueClient(try fixture.start())
        #expect(try await client.call("PING") == .simple("PONG"))
        await fixture.stop()
    }

    @Test(arguments: [
        ["ENQUEUE", "orders", "a"],  // a word short
        ["ENQUEUE", "", "a", "x"],  // no topic
        ["DEQUEUE", "orders", "w", "0", "0", "0"],  // no message asked for
        ["DEQUEUE", "orders", "w", "1", "-1", "0"],  // a negative visibility
        ["ACK", "orders"],  // no tag
        ["DEPTH"],  // no topic
        ["FLUSH"],  // no such command
    ])
    func `what is no command is an error`(words: [String]) async throws {
        let fixture = try QueueFixture()
        let client = RESPClient(try fixture.start())
        let reply = try await client.call(words, deadline: .now() + .seconds(20))
        #expect(reply.errorCode == "ERR")
        await fixture.stop()
    }
}
