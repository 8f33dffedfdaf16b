// Workers against a real queue: effects once however often an order is delivered, and the two
// planted bugs doing what they are for.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(1)))
struct WorkerTests {
    @Test func `orders are done once each and acknowledged`() async throws {
        let stage = try Stage()
        for number in 0..<30 { try await stage.order("o\(number)", user: number) }
        let worker = try stage.worker("worker-1")
        #expect(try await stage.queueIsDone(30))
        for number in 0..<30 { #expect(stage.store.effects(of: "o\(number)") == 1) }
        #expect(stage.store.rows["{u7}:idem:o7"] != nil)
        #expect(
            try await eventually {
                try await stage.page("/status", of: worker).json?["inWork"]?.int == 0
            })
        #expect(try await stage.page("/status", of: worker).json?["done"]?.int == 30)
        await stage.end(worker)
    }

    @Test func `an order that is delivered twice has one effect`() async throws {
        let stage = try Stage()
        try await stage.order("o1", user: 1)
        stage.store.mood = .forgetful
        stage.settings.visibility = .milliseconds(120)
        let first = try stage.worker("worker-1")
        let second = try stage.worker("worker-2")
        #expect(await eventually { stage.store.requests.count > 1 })
        #expect(
            try await eventually { try await stage.client.information()["redelivered"] != "0" })
        stage.store.mood = .well
        #expect(try await stage.queueIsDone(1))
        #expect(stage.store.effects(of: "o1") == 1)
        await stage.end(first, second)
    }

    @Test func `without an idempotency key a second delivery doubles the effect`() async throws {
        let stage = try Stage()
        try await stage.order("o1", user: 1)
        stage.store.mood = .forgetful
        stage.settings.visibility = .milliseconds(120)
        stage.settings.idempotent = false
        let worker = try stage.worker("worker-1")
        #expect(await eventually { stage.store.effects(of: "o1") > 1 })
        stage.store.mood = .well
        #expect(try await stage.queueIsDone(1))
        #expect(stage.store.effects(of: "o1") > 1)
        await stage.end(worker)
    }

    @Test func `a store that does not answer is tried again with the same request`() async throws {
        let stage = try Stage()
        try await stage.order("o1", user: 1)
        stage.store.mood = .forgetful
        let worker = try stage.worker("worker-1")
        #expect(await eventually { stage.store.requests.count >= 3 })
        stage.store.mood = .well
        #expect(try await stage.queueIsDone(1))
        #expect(Set(stage.store.requests).count == 1)
        #expect(stage.store.effects(of: "o1") == 1)
        await stage.end(worker)
    }

    @Test func `a worker that dies in its work loses nothing`() async throws {
        let stage = try Stage()
        stage.settings.work = .milliseconds(150)
        stage.settings.visibility = .milliseconds(400)
        for number in 0..<4 { try await stage.order("o\(number)", user: 1) }
        let victim = try stage.worker("worker-1")
        #expect(try await eventually { try await stage.client.depth()[1] == 4 })
        victim.stop()
        let heir = try stage.worker("worker-2")
        #expect(try await stage.queueIsDone(4))
        for number in 0..<4 { #expect(stage.store.effects(of: "o\(number)") == 1) }
        await stage.end(heir)
    }

    @Test func `acknowledging before the effect loses the orders of a worker that dies`()
        async throws
    {
        let stage = try Stage()
        stage.settings.work = .milliseconds(150)
        stage.settings.visibility = .milliseconds(400)
        stage.settings.acknowledge = .beforeEffect
        for number in 0..<4 { try await stage.order("o\(number)", user: 1) }
        let victim = try stage.worker("worker-1")
        #expect(try await stage.queueIsDone(4))
        victim.stop()
        let heir = try stage.worker("worker-2")
        try await stage.order("last", user: 1)
        #expect(await eventually { stage.store.effects(of: "last") == 1 })
        let lost = (0..<4).filter { stage.store.effects(of: "o\($0)") == 0 }
        #expect(!lost.isEmpty)
        await stage.end(heir)
    }

    @Test func `a message that is no order is taken off the queue`() async throws {
        let stage = try Stage()
        _ = try await stage.client.enqueue("bad", "{\"user\":")
        try await stage.order("o1", user: 1)
        let worker = try stage.worker("worker-1")
        #expect(try await stage.queueIsDone(2))
        #expect(stage.store.effects(of: "o1") == 1)
        #expect(try await stage.page("/status", of: worker).json?["poison"]?.int == 1)
        await stage.end(worker)
    }

    @Test func `draining finishes what is in work and takes nothing more`() async throws {
        let stage = try Stage()
        stage.settings.work = .milliseconds(200)
        stage.settings.concurrency = 2
        for number in 0..<3 { try await stage.order("o\(number)", user: 1) }
        let worker = try stage.worker("worker-1")
        #expect(try await eventually { try await stage.client.depth()[1] == 2 })
        await worker.drain()
        #expect(try await stage.client.depth() == [1, 0, 2])
        #expect((0..<3).map { stage.store.effects(of: "o\($0)") } == [1, 1, 0])
        await stage.end()
    }

    @Test func `readiness follows the queue`() async throws {
        let stage = try Stage()
        let worker = try stage.worker("worker-1")
        #expect(
            try await eventually { try await stage.page("/health/ready", of: worker).status == 200 }
        )
        await stage.fixture.stop()
        #expect(
            try await eventually { try await stage.page("/health/ready", of: worker).status == 503 }
        )
        #expect(try await stage.page("/health/live", of: worker).status == 200)
        worker.stop()
        stage.store.stop()
    }

    @Test func `a visibility that work outlasts is refused`() throws {
        var settings = WorkerSettings(queue: [], shards: [])
        settings.work = .seconds(2)
        #expect(throws: WorkerError.visibilityTooShort(visibility: .seconds(2), work: .seconds(2)))
        {
            _ = try WorkerServer(
                name: "w", listen: SocketAddress(ip: .loopback, port: 0), settings: settings,
                seed: 1)
        }
    }
}

/// A queue, a store and the workers between them.
@ReactorActor
private final class Stage {
    let fixture: QueueFixture
    let store: StoreStandIn
    let client: QueueClient
    var settings: WorkerSettings

    init() throws {
        fixture = try QueueFixture()
        store = try StoreStandIn()
        let address = try fixture.start()
        client = QueueClient(address)
        settings = WorkerSettings(
            queue: [NamedAddress(name: "queue-1", address: address)],
            shards: [[try store.member], [try store.member]])
        settings.work = .milliseconds(1)
    }

    func order(_ id: String, user: Int) async throws {
        let payload: JSON = ["user": .integer(Int64(user)), "order": .string(id)]
        guard case .integer = try await client.enqueue(id, payload.text) else {
            Issue.record("not enqueued")
            return
        }
    }

    func worker(_ name: String) throws -> WorkerServer {
        let worker = try WorkerServer(
            name: name, listen: SocketAddress(ip: .loopback, port: 0), settings: settings, seed: 3)
        Task { @ReactorActor in await worker.run() }
        return worker
    }

    func queueIsDone(_ count: Int64) async throws -> Bool {
        try await eventually { try await self.client.depth() == [0, 0, count] }
    }

    func page(_ path: String, of worker: WorkerServer) async throws -> HTTPResponse {
        let client = HTTPClient(worker.address)
        defer { client.close() }
        return try await client.send(
            HTTPRequest("GET", path, host: "worker"), deadline: .now() + .seconds(5))
    }

    func end(_ workers: WorkerServer...) async {
        for worker in workers { await worker.drain() }
        await fixture.stop()
        store.stop()
    }
}
