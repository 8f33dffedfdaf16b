// Workers against a real queue: effects once however often an order is delivered, members that
// come, go and come back late, and the two planted bugs doing what they are for.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(2)))
struct WorkerTests {
    @Test func `orders are done once each and acknowledged`() async throws {
        try await WorkerStage.with { stage in
            for number in 0..<30 { try await stage.order("o\(number)", user: number) }
            let worker = try stage.worker("worker-1")
            #expect(try await stage.isDrained())
            for number in 0..<30 { #expect(stage.store.effects(of: "o\(number)") == 1) }
            #expect(stage.store.rows["{u7}:idem:o7"] != nil)
            #expect(try await eventually { try await stage.status(worker)["inWork"]?.int == 0 })
            #expect(try await stage.status(worker)["done"]?.int == 30)
        }
    }

    @Test func `an order that is delivered twice has one effect`() async throws {
        try await WorkerStage.with { stage in
            try await stage.order("o1", user: 1)
            stage.store.mood = .forgetful
            stage.settings.visibility = .milliseconds(120)
            _ = try stage.worker("worker-1")
            _ = try stage.worker("worker-2")
            #expect(await eventually { stage.store.requests.count > 1 })
            #expect(
                try await eventually {
                    try await stage.cluster.information(1)["redelivered"] != "0"
                })
            stage.store.mood = .well
            #expect(try await stage.isDrained())
            #expect(stage.store.effects(of: "o1") == 1)
        }
    }

    @Test func `without an idempotency key a second delivery doubles the effect`() async throws {
        try await WorkerStage.with { stage in
            try await stage.order("o1", user: 1)
            stage.store.mood = .forgetful
            stage.settings.visibility = .milliseconds(120)
            stage.settings.idempotent = false
            _ = try stage.worker("worker-1")
            #expect(await eventually { stage.store.effects(of: "o1") > 1 })
            stage.store.mood = .well
            #expect(try await stage.isDrained())
        }
    }

    @Test func `a worker that dies in its work loses nothing`() async throws {
        try await WorkerStage.with { stage in
            stage.settings.work = .milliseconds(150)
            stage.settings.visibility = .milliseconds(400)
            for number in 0..<4 { try await stage.order("o\(number)", user: number) }
            let victim = try stage.worker("worker-1")
            #expect(try await eventually { try await stage.depth()[1] == 4 })
            victim.stop()
            _ = try stage.worker("worker-2")
            #expect(try await stage.isDrained())
            for number in 0..<4 { #expect(stage.store.effects(of: "o\(number)") == 1) }
        }
    }

    @Test func `acknowledging before the effect loses the orders of a worker that dies`()
        async throws
    {
        try await WorkerStage.with { stage in
            stage.settings.work = .milliseconds(150)
            stage.settings.visibility = .milliseconds(400)
            stage.settings.acknowledge = .beforeEffect
            for number in 0..<4 { try await stage.order("o\(number)", user: number) }
            let victim = try stage.worker("worker-1")
            #expect(try await stage.isDrained())
            victim.stop()
            _ = try stage.worker("worker-2")
            try await stage.order("last", user: 1)
            #expect(await eventually { stage.store.effects(of: "last") == 1 })
            let lost = (0..<4).filter { stage.store.effects(of: "o\($0)") == 0 }
            #expect(!lost.isEmpty)
        }
    }

    @Test func `a worker that comes back late is fenced and doubles nothing`() async throws {
        try await WorkerStage.with(adjust: { $0.session = .milliseconds(300) }) { stage in
            stage.settings.visibility = .milliseconds(200)
            try await stage.order("o1", user: 1)
            // A worker that is paused: it has the order, and neither works nor says that it lives.
            let joined = try await stage.cluster.call(
                1, ["JOIN", "orders", "workers", "paused", "1"])
            let assignment = try #require(ReceivedAssignment(joined))
            let partition = ShardKey.shard(of: "{u1}", count: 2) + 1
            let late = try #require(
                try await stage.cluster.fetch(
                    partition, member: "paused", generation: Int(assignment.generation), 1,
                    visibility: 200
                ).first)
            _ = try stage.worker("worker-1")
            #expect(try await stage.isDrained())
            #expect(stage.store.effects(of: "o1") == 1)
            #expect(
                try await stage.cluster.acknowledge(late) == .error("FENCED the lease is over"))
            let effects = Effects(
                [[try stage.store.member], [try stage.store.member]], ShardLayout(),
                name: "paused", isIdempotent: true, random: .init(seed: 1))
            let order = try #require(Order(late.payload))
            #expect(await effects.apply(order, late, deadline: soon()) == .alreadyApplied)
            #expect(stage.store.effects(of: "o1") == 1)
        }
    }

    @Test func `two workers share the partitions, and one that ends leaves them to the other`()
        async throws
    {
        try await WorkerStage.with(partitions: 4) { stage in
            let first = try stage.worker("worker-1")
            let second = try stage.worker("worker-2")
            func partitions(_ worker: WorkerServer) async throws -> [Int] {
                try await stage.status(worker)["partitions"]?.array?.compactMap(\.int) ?? []
            }
            #expect(
                try await eventually {
                    let (one, two) = (try await partitions(first), try await partitions(second))
                    return one.count == 2 && two.count == 2 && Set(one + two).count == 4
                })
            let start = MonotonicTime.now()
            await second.drain()
            #expect(try await eventually { try await partitions(first) == [1, 2, 3, 4] })
            // It said good-bye: nobody had to wait for its session.
            #expect(MonotonicTime.now() - start < stage.cluster.settings.session)
        }
    }

    @Test func `what can never be done is set aside while others flow`() async throws {
        try await WorkerStage.with(adjust: {
            $0.tries = 3
            $0.retryDelayMin = .milliseconds(2)
        }) { stage in
            stage.settings.poison = 0.3
            let ids = (0..<40).map { "o\($0)" }
            for (number, id) in ids.enumerated() { try await stage.order(id, user: number) }
            let key = "{u1}"
            try await stage.cluster.publish("{\"user\":", key: key)
            let worker = try stage.worker("worker-1")
            #expect(try await stage.isDrained())
            let poison = try ids.filter {
                let payload: JSON = ["user": 1, "order": .string($0)]
                return try #require(Order(Array(payload.text.utf8))).isPoison(share: 0.3)
            }
            #expect((1..<40).contains(poison.count))
            for id in ids {
                #expect(stage.store.effects(of: id) == (poison.contains(id) ? 0 : 1))
            }
            #expect(try await stage.depth(topic: "orders.dead")[0] == Int64(poison.count + 1))
            #expect(try await stage.status(worker)["poison"]?.int == 1)
            #expect(try await stage.status(worker)["failed"]?.int == 3 * poison.count)
        }
    }

    @Test func `an effect that failed is tried again after a pause`() async throws {
        try await WorkerStage.with { stage in
            stage.settings.visibility = .milliseconds(300)
            try await stage.order("o1", user: 1)
            stage.store.mood = .unavailable
            let worker = try stage.worker("worker-1")
            #expect(
                try await eventually { (try await stage.status(worker)["failed"]?.int ?? 0) > 1 })
            stage.store.mood = .well
            #expect(try await stage.isDrained())
            #expect(stage.store.effects(of: "o1") == 1)
        }
    }

    @Test func `draining finishes what is in work and takes nothing more`() async throws {
        try await WorkerStage.with(partitions: 1) { stage in
            stage.settings.work = .milliseconds(200)
            stage.settings.concurrency = 2
            for number in 0..<3 { try await stage.order("o\(number)", user: 1) }
            let worker = try stage.worker("worker-1")
            #expect(
                try await eventually { try await stage.status(worker)["inWork"]?.int == 2 })
            await worker.drain()
            #expect(try await stage.depth() == [1, 0, 0])
            #expect((0..<3).map { stage.store.effects(of: "o\($0)") } == [1, 1, 0])
        }
    }

    @Test func `a drain that cannot wait gives the orders back at no cost`() async throws {
        try await WorkerStage.with(partitions: 1) { stage in
            stage.settings.work = .seconds(30)
            stage.settings.visibility = .seconds(60)
            stage.settings.drainTimeout = .milliseconds(50)
            try await stage.order("o1", user: 1)
            let worker = try stage.worker("worker-1")
            #expect(try await eventually { try await stage.depth()[1] == 1 })
            await worker.drain()
            #expect(try await stage.depth() == [1, 0, 0])
            let lease = try #require(try await stage.cluster.fetch(1, generation: 9).first)
            #expect(lease.attempt == 1)
        }
    }

    @Test func `readiness follows the queue`() async throws {
        try await WorkerStage.with { stage in
            let worker = try stage.worker("worker-1")
            #expect(
                try await eventually {
                    try await stage.page("/health/ready", of: worker).status == 200
                })
            try await stage.cluster.stop(1)
            #expect(
                try await eventually {
                    try await stage.page("/health/ready", of: worker).status == 503
                })
            #expect(try await stage.page("/health/live", of: worker).status == 200)
        }
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
