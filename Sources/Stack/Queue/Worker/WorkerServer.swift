// A worker: joins its consumer group, takes orders off the partitions that it is assigned, works on
// several at once, leaves each one's effect in the store and only then acknowledges it.
//
// A worker that dies leaves nothing to clean up: the queue delivers its orders again and gives its
// partitions to others. One that was paused and comes back late is fenced: its leases and its
// assignment are somebody else's by then, and the order's idempotency key lets the effect happen
// once, whoever applies it. One that is told to end finishes what it has in work, gives back the
// rest and leaves the group, so that nobody has to wait for its session to run out.
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
    private let consumer: Consumer
    private let effects: Effects
    private let health: WorkerHealth
    private var requests: OrderLog
    private let server: HTTPServer
    private let changed = Turnstile()
    /// Woken when the next heartbeat should not wait.
    private let sessionGate = Turnstile()
    private let ended = Promise<Bool>()
    /// Counts the sessions of all starts under this name; the clock puts a later start behind.
    private var incarnation = MonotonicTime.now().nanoseconds
    private var assignment: ReceivedAssignment?
    /// Partitions that a loop polls.
    private var polled: Set<Int> = []
    private var inHand: [String: ReceivedLease] = [:]
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
        requests = OrderLog(log)
        self.settings = settings
        consumer = Consumer(settings, member: name, random: random.fork("queue"))
        // The start time makes the ids of this process's requests differ from its predecessor's.
        effects = Effects(
            settings.shards, settings.layout, name: name,
            clientPrefix: "\(name)-\(MonotonicTime.now().nanoseconds)",
            isIdempotent: settings.idempotent, passesContext: settings.storeTakesContext,
            random: random.fork("store"))
        let health = WorkerHealth()
        self.health = health
        do {
            server = try HTTPServer(listen) { request in health.answer(request) }
        } catch {
            throw .listen(error)
        }
    }

    package var address: SocketAddress { server.address }

    /// Tells of every order in the log, not of failed and slow ones alone.
    package func logEveryRequest() { requests.isEvery = true }

    /// Works until drained or stopped.
    package func run() async {
        Task { @ReactorActor in await server.run() }
        await keepSession()
        while !inHand.isEmpty || !polled.isEmpty, !isDead { _ = await changed.wait() }
        if !isDead { await consumer.leave(incarnation, deadline: .now() + .milliseconds(500)) }
        health.isEnding = true
        await server.drain(deadline: .now() + .milliseconds(500))
        ended.fulfil(true)
    }

    /// Takes nothing more, finishes and acknowledges what is in work, or gives it back in the end.
    package func drain() async {
        isEnding = true
        health.isEnding = true
        changed.wakeAll()
        sessionGate.wakeAll()
        let deadline = MonotonicTime.now() + settings.drainTimeout
        while !inHand.isEmpty, !isDead, await changed.wait(deadline: deadline) {}
        for lease in inHand.values where !isDead { await release(lease) }
        _ = await ended.value()
    }

    /// Ends as a crash does: what is in work is neither finished nor acknowledged nor given back.
    package func stop() {
        isDead = true
        isEnding = true
        server.stop()
        changed.wakeAll()
        sessionGate.wakeAll()
    }

    // MARK: The session

    /// Joins, then says that it is alive and learns which partitions it has.
    private func keepSession() async {
        while !isEnding {
            let limit = MonotonicTime.now() + settings.heartbeat * 2
            let reply =
                assignment == nil
                ? await consumer.join(incarnation, deadline: limit)
                : await consumer.heartbeat(incarnation, deadline: limit)
            switch reply {
            case .answered(let fresh): adopt(fresh)
            case .fenced:
                log.warning("session is over", ["incarnation": incarnation])
                incarnation += 1
                assignment = nil
                continue
            case .silent: health.missedQueue()
            }
            let pause = assignment == nil ? .milliseconds(50) : settings.heartbeat
            if !isEnding { _ = await sessionGate.wait(deadline: .now() + pause) }
        }
    }

    private func adopt(_ fresh: ReceivedAssignment) {
        health.heardFromQueue()
        if assignment != fresh {
            log.info(
                "assigned",
                ["generation": fresh.generation, "partitions": "\(fresh.partitions)"])
        }
        assignment = fresh
        health.generation = Int(fresh.generation)
        health.partitions = fresh.partitions
        for partition in fresh.partitions where polled.insert(partition).inserted {
            Task { @ReactorActor in
                await poll(partition)
                polled.remove(partition)
                changed.wakeAll()
            }
        }
    }

    // MARK: Taking

    /// Takes orders off a partition for as long as it is this worker's.
    private func poll(_ partition: Int) async {
        while !isEnding, let assignment, assignment.partitions.contains(partition) {
            // Each partition has its share of the hands, or a busy one would starve the others.
            let share = max(1, settings.concurrency / assignment.partitions.count)
            let free = share - inHand.values.count { $0.partition == partition }
            guard free > 0 else {
                _ = await changed.wait()
                continue
            }
            let reply = await consumer.poll(
                partition, generation: assignment.generation, free)
            if isDead { return }
            switch reply {
            case .answered(let leases):
                health.heardFromQueue()
                await take(leases)
            case .fenced:
                // The next heartbeat tells whose the partition is.
                sessionGate.wakeAll()
                if !isEnding { _ = await changed.wait(deadline: .now() + .milliseconds(50)) }
            case .silent:
                if !isEnding { _ = await changed.wait(deadline: .now() + .milliseconds(50)) }
            }
        }
    }

    private func take(_ leases: [ReceivedLease]) async {
        if isEnding {
            for lease in leases { await release(lease) }
            return
        }
        // A margin for the way here: the queue's time began before ours.
        let deadline = MonotonicTime.now() + settings.visibility * 7 / 8
        for lease in leases { inHand[lease.name] = lease }
        health.inWork = inHand.count
        if settings.acknowledge == .beforeEffect {
            for lease in leases { await acknowledge(lease, deadline) }
        }
        for lease in leases {
            Task { @ReactorActor in
                await work(on: lease, deadline)
                inHand[lease.name] = nil
                health.inWork = inHand.count
                changed.wakeAll()
            }
        }
    }

    // MARK: Working

    private func work(on lease: ReceivedLease, _ deadline: MonotonicTime) async {
        if lease.attempt > 1 { health.retried += 1 }
        guard let order = Order(lease.payload) else { return await discard(lease, deadline) }
        await Reactor.sleep(for: settings.work)
        if isGivenUp(lease) { return }
        guard MonotonicTime.now() < deadline else {
            // The lease is over or about to be; whoever has the order next has the time.
            health.failed += 1
            return log.warning(
                "no time left for the effect",
                ["request": order.request ?? "-", "order": order.id])
        }
        if order.isPoison(share: settings.poison) {
            return await fail(lease, order, "the order cannot be done", deadline)
        }
        let began = MonotonicTime.now()
        let outcome = await RequestContext.$current.withValue(order.context(until: deadline)) {
            await effects.apply(order, lease, deadline: deadline)
        }
        if isGivenUp(lease) { return }
        switch outcome {
        case .applied: health.done += 1
        case .alreadyApplied: health.repeated += 1
        case .failed(let reason): return await fail(lease, order, reason, deadline)
        }
        requests.note(order, outcome, took: .now() - began)
        if settings.acknowledge == .afterEffect { await acknowledge(lease, deadline) }
    }

    /// Killed, or given back because the drain could wait no longer.
    private func isGivenUp(_ lease: ReceivedLease) -> Bool { isDead || inHand[lease.name] == nil }

    private func fail(
        _ lease: ReceivedLease, _ order: Order, _ reason: String, _ deadline: MonotonicTime
    ) async {
        health.failed += 1
        log.warning(
            "no effect yet",
            ["request": order.request ?? "-", "message": lease.name, "reason": reason])
        guard settings.acknowledge == .afterEffect else { return }
        note(
            await consumer.reject(
                lease, note: reason, isPoison: false, deadline: patience(deadline)))
    }

    /// No delivery will make it readable, so it goes to the dead-letter topic at once.
    private func discard(_ lease: ReceivedLease, _ deadline: MonotonicTime) async {
        health.poison += 1
        log.error(
            "poison: not an order",
            ["message": lease.name, "payload": String(repairing: lease.payload.span)])
        guard settings.acknowledge == .afterEffect else { return }
        note(
            await consumer.reject(
                lease, note: "not an order", isPoison: true, deadline: patience(deadline)))
    }

    private func acknowledge(_ lease: ReceivedLease, _ deadline: MonotonicTime) async {
        let reply = await consumer.acknowledge(lease, deadline: patience(deadline))
        if case .answered = reply { health.acknowledged += 1 }
        note(reply)
    }

    private func release(_ lease: ReceivedLease) async {
        inHand[lease.name] = nil
        health.inWork = inHand.count
        health.released += 1
        note(await consumer.release(lease, deadline: .now() + .milliseconds(200)))
        changed.wakeAll()
    }

    /// An effect that took all the time is acknowledged all the same; at worst that is too late.
    private func patience(_ deadline: MonotonicTime) -> MonotonicTime {
        max(deadline, .now() + .milliseconds(200))
    }

    private func note(_ reply: Consumer.Reply<Bool>) {
        switch reply {
        case .answered: break
        case .fenced: health.fenced += 1
        case .silent: health.unanswered += 1
        }
    }
}
