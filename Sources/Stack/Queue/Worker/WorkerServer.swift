// A worker: takes orders off the queue, works on several at once, leaves each one's effect in the
// store and only then acknowledges it. A worker that dies in between leaves nothing to clean up:
// the queue delivers the order again, and its idempotency key lets the effect happen once.
//
// `acknowledge: before-effect` turns the last two steps round, which is the classic way to lose
// work; it is there so that the harness can show that it finds that out.

package import Blueprint
import Determinism
import Endpoints
package import Linux
package import Reactor
import Telemetry
import Wire

/// A running worker.
@ReactorActor
package final class WorkerServer {
    private let log: Log
    private let settings: WorkerSettings
    private let queue: OrderQueue
    private let effects: Effects
    private let health: WorkerHealth
    private let server: HTTPServer
    private let changed = Turnstile()
    private let ended = Promise<Bool>()
    private var isEnding = false
    /// True once stopped as if killed: whatever wakes up after that does nothing more.
    private var isDead = false

    /// Listens for health checks; takes no order before `run`.
    package init(
        name: String, listen: SocketAddress, settings: WorkerSettings, seed: UInt64
    ) throws(WorkerError) {
        guard settings.visibility > settings.work else {
            throw .visibilityTooShort(visibility: settings.visibility, work: settings.work)
        }
        let random = SeededRandom(seed: seed).fork(name)
        log = Log(name)
        self.settings = settings
        queue = OrderQueue(settings, worker: name, random: random.fork("queue"))
        // The start time makes the ids of this process's requests differ from its predecessor's.
        effects = Effects(
            settings.shards, name: name,
            clientPrefix: "\(name)-\(MonotonicTime.now().nanoseconds)",
            isIdempotent: settings.idempotent, random: random.fork("store"))
        let health = WorkerHealth()
        self.health = health
        do {
            server = try HTTPServer(listen) { request in health.answer(request) }
        } catch {
            throw .listen(error)
        }
    }

    package var address: SocketAddress { server.address }

    /// Works until drained or stopped.
    package func run() async {
        Task { @ReactorActor in await server.run() }
        while !isEnding, await !queue.ping(deadline: .now() + .seconds(1)) {}
        health.heardFromQueue()
        while !isEnding { await takeOrders() }
        while health.inWork > 0, !isDead { _ = await changed.wait() }
        health.isEnding = true
        await server.drain(deadline: .now() + .milliseconds(500))
        ended.fulfil(true)
    }

    /// Takes nothing more, finishes and acknowledges what is in work.
    package func drain() async {
        isEnding = true
        health.isEnding = true
        changed.wakeAll()
        _ = await ended.value()
    }

    /// Ends as a crash does: what is in work is neither finished nor acknowledged nor given back.
    package func stop() {
        isDead = true
        isEnding = true
        server.stop()
        changed.wakeAll()
    }

    // MARK: Taking

    private func takeOrders() async {
        let free = settings.concurrency - health.inWork
        guard free > 0 else {
            _ = await changed.wait()
            return
        }
        guard let deliveries = await queue.poll(free) else { return await pauseAfterSilence() }
        health.heardFromQueue()
        if isDead { return }
        if isEnding { return await giveBack(deliveries) }
        // A margin for the way here: the queue's time began before ours.
        let deadline = MonotonicTime.now() + settings.visibility * 7 / 8
        health.inWork += deliveries.count
        if settings.acknowledge == .beforeEffect {
            for delivery in deliveries { await acknowledge(delivery, deadline) }
        }
        for delivery in deliveries { start(delivery, deadline) }
    }

    private func pauseAfterSilence() async {
        health.missedQueue()
        if !isEnding { _ = await changed.wait(deadline: .now() + .milliseconds(50)) }
    }

    private func giveBack(_ deliveries: [ReceivedDelivery]) async {
        for delivery in deliveries {
            await queue.giveBack(delivery.tag, deadline: .now() + .milliseconds(200))
        }
    }

    private func start(_ delivery: ReceivedDelivery, _ deadline: MonotonicTime) {
        Task { @ReactorActor in
            await work(on: delivery, deadline)
            health.inWork -= 1
            changed.wakeAll()
        }
    }

    // MARK: Working

    private func work(on delivery: ReceivedDelivery, _ deadline: MonotonicTime) async {
        if delivery.attempt > 1 { health.retried += 1 }
        guard let order = Order(delivery.payload) else { return await discard(delivery, deadline) }
        await Reactor.sleep(for: settings.work)
        if isDead { return }
        guard MonotonicTime.now() < deadline else {
            health.failed += 1
            return log.warning("no time left for the effect", ["order": order.id])
        }
        let outcome = await effects.apply(order, delivery, deadline: deadline)
        if isDead { return }
        switch outcome {
        case .applied: health.done += 1
        case .alreadyApplied: health.repeated += 1
        case .failed(let reason):
            health.failed += 1
            log.warning("no effect yet", ["order": order.id, "reason": reason])
            return
        }
        if settings.acknowledge == .afterEffect { await acknowledge(delivery, deadline) }
    }

    /// No delivery will make it readable, so it is taken off the queue and its line kept.
    private func discard(_ delivery: ReceivedDelivery, _ deadline: MonotonicTime) async {
        health.poison += 1
        log.error(
            "poison: not an order",
            ["id": delivery.id, "payload": String(repairing: delivery.payload.span)])
        if settings.acknowledge == .afterEffect { await acknowledge(delivery, deadline) }
    }

    private func acknowledge(_ delivery: ReceivedDelivery, _ deadline: MonotonicTime) async {
        // An effect that took all the time is acknowledged all the same; at worst that is stale.
        let limit = max(deadline, .now() + .milliseconds(200))
        if await queue.acknowledge(delivery.tag, deadline: limit) {
            health.acknowledged += 1
        } else {
            health.unacknowledged += 1
        }
    }
}
