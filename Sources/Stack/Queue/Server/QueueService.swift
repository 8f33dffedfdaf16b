// What the queue does with each command: ask the broker, write to the log, wait for the disk, answer.

import Blueprint
import Endpoints
import Journal
import Linux
import Reactor
import Telemetry
import Wire

@ReactorActor
final class QueueService {
    let log: Log
    let settings: QueueSettings
    let storage: QueueLog
    let compaction: CompactionOptions
    /// The record at which the log is looked over next.
    var nextTidying: UInt64 = 0
    var isTidying = false
    var broker: Broker
    var counters = Counters()
    let polls: PollRoom
    /// When the next delivery of a topic runs out, as far as somebody is to be told.
    private var alarms: [String: MonotonicTime] = [:]
    /// Told when the log failed, after the line that says so.
    var failed: @ReactorActor (JournalError) -> Void = { _ in }

    init(
        log: Log, folder: String, settings: QueueSettings, options: QueueOptions
    ) throws(QueueError) {
        self.log = log
        self.settings = settings
        compaction = options.compaction
        let recordBytesMax = options.limits.payloadBytesMax + 2 * options.limits.nameBytesMax + 64
        precondition(
            recordBytesMax <= options.journal.payloadCountMax, "the log takes every message")
        let empty = Broker(limits: options.limits, windowCountMax: settings.deduplicationWindow)
        let restored = try QueueRestart.open(folder: folder, empty, options.journal)
        broker = restored.broker
        storage = QueueLog(restored.journal)
        polls = PollRoom(waitersMax: options.limits.waitersMax)
        storage.becameDurable = { [unowned self] index in self.settle(through: index) }
        storage.failed = { [unowned self] error in self.fail(error) }
        report(restored)
    }

    /// Ends every DEQUEUE that waits; from now on none waits any more.
    func endPolls() { polls.close() }

    func close() async { await storage.close() }

    func handle(_ command: RESPCommand) async -> RESPValue {
        switch command.name {
        case "ENQUEUE": await enqueue(command)
        case "DEQUEUE": await dequeue(command)
        case "ACK": await acknowledge(command)
        case "NACK": giveBack(command)
        case "DEPTH": depth(command)
        case "PING": command.count > 1 ? .bulk(command[1] ?? []) : .simple("PONG")
        case "ROLE": .array([.bulk("leader"), .integer(1)])
        case "INFO": .bulk(information)
        // redis-cli asks for this first and is content with nothing.
        case "COMMAND": .array([])
        case "": .error("ERR empty command")
        default: .error("ERR unknown command '\(command.name.lowercased())'")
        }
    }

    // MARK: Commands

    private func enqueue(_ command: RESPCommand) async -> RESPValue {
        guard let call = EnqueueCall(command) else { return .usage("ENQUEUE topic id payload") }
        if let problem = call.problem(broker.limits) { return .error("ERR \(problem)") }
        switch broker.admit(call.payload, id: call.id, to: call.topic, now: .now()) {
        case .refused(let reason):
            counters.add(to: "overloaded")
            return .error("OVERLOADED \(reason)")
        case .known(let offset, let index):
            counters.add(to: "duplicates")
            guard await storage.commit(through: index) else { return .lost }
            return .integer(Int64(clamping: offset.rawValue))
        case .fresh(let record, let offset):
            counters.add(to: "enqueued")
            guard let index = write(record), await storage.commit(through: index) else {
                return .lost
            }
            return .integer(Int64(clamping: offset.rawValue))
        }
    }

    private func dequeue(_ command: RESPCommand) async -> RESPValue {
        guard let call = DequeueCall(command, settings.visibility, broker.limits) else {
            return .usage("DEQUEUE topic worker max visibilityMs waitMs")
        }
        let deadline = MonotonicTime.now() + call.wait
        guard let poll = polls.enter(topic: call.topic, worker: call.worker) else {
            counters.add(to: "overloaded")
            return .error("OVERLOADED too many wait for messages")
        }
        defer {
            polls.leave(poll)
            // Whoever was woken and takes nothing passes the wake on.
            polls.wake(broker.readyCount(of: call.topic), of: call.topic)
        }
        while true {
            let now = MonotonicTime.now()
            let deliveries =
                polls.isCurrent(poll)
                ? broker.take(
                    call.countMax, from: call.topic, visibility: call.visibility, now: now) : []
            if !deliveries.isEmpty { return hand(deliveries, to: call) }
            guard now < deadline, polls.isCurrent(poll) else { return .array([]) }
            await polls.wait(poll, until: deadline)
        }
    }

    /// Writes that they are handed out, without waiting for it: the attempts are counted over a
    /// restart as long as any later commit made it to the disk.
    private func hand(_ deliveries: [Delivery], to call: DequeueCall) -> RESPValue {
        for delivery in deliveries {
            counters.add(to: "delivered")
            if delivery.attempt > 1 { counters.add(to: "redelivered") }
            if delivery.attempt.isMultiple(of: 10) {
                log.warning(
                    "delivered many times over",
                    [
                        "topic": call.topic, "attempt": delivery.attempt, "worker": call.worker,
                        "id": String(repairing: delivery.id.span),
                    ])
            }
            _ = write(
                .delivered(
                    topic: call.topic, offset: delivery.tag.offset, attempt: delivery.attempt))
        }
        setAlarm(for: call.topic)
        return .array(deliveries.map(\.reply))
    }

    private func acknowledge(_ command: RESPCommand) async -> RESPValue {
        guard let call = TagCall(command) else { return .usage("ACK topic tag") }
        let record = call.tag.flatMap { tag in
            broker.acknowledgement(of: tag, in: call.topic, now: .now())
        }
        guard let record else {
            counters.add(to: "stale")
            return .integer(0)
        }
        counters.add(to: "acknowledged")
        guard let index = write(record), await storage.commit(through: index) else { return .lost }
        return .integer(1)
    }

    private func giveBack(_ command: RESPCommand) -> RESPValue {
        guard let call = TagCall(command) else { return .usage("NACK topic tag") }
        guard let tag = call.tag, broker.giveBack(tag, to: call.topic, now: .now()) else {
            counters.add(to: "stale")
            return .integer(0)
        }
        counters.add(to: "given_back")
        polls.wake(1, of: call.topic)
        return .integer(1)
    }

    private func depth(_ command: RESPCommand) -> RESPValue {
        guard command.count == 2, let topic = command.text(1) else { return .usage("DEPTH topic") }
        let depth = broker.depth(of: topic, now: .now())
        return .array([
            .integer(Int64(depth.ready)), .integer(Int64(depth.inFlight)),
            .integer(Int64(clamping: depth.acknowledged)),
            .integer(depth.oldestAge.nanoseconds / 1_000_000),
        ])
    }

    /// Wakes those who wait when the next delivery runs out.
    private func setAlarm(for topic: String) {
        guard let next = broker.nextDeadline(of: topic),
            next < alarms[topic] ?? .distantFuture
        else { return }
        alarms[topic] = next
        Task { @ReactorActor [weak self] in
            await Reactor.sleep(until: next)
            self?.ring(topic, next)
        }
    }

    private func ring(_ topic: String, _ time: MonotonicTime) {
        if alarms[topic] == time { alarms[topic] = nil }
        broker.expire(in: topic, now: .now())
        polls.wake(broker.readyCount(of: topic), of: topic)
        setAlarm(for: topic)
    }

    // MARK: Log

    /// Writes a record and makes its change; nil when the log takes nothing any more.
    func write(_ record: QueueRecord) -> UInt64? {
        guard let index = storage.append(record) else { return nil }
        broker.apply(record, at: index, now: .now())
        return index
    }

    private func settle(through index: UInt64) {
        for (topic, count) in broker.settle(through: index) { polls.wake(count, of: topic) }
        tidyIfDue()
    }

    private func fail(_ error: JournalError) {
        log.error("the log failed, nothing more is acknowledged", ["error": error])
        polls.close()
        failed(error)
    }

    private func report(_ restored: QueueRestart.Restored) {
        log.info(
            "log read",
            [
                "records": restored.recovery.recordCount,
                "segments": restored.recovery.segmentCount,
                "unacknowledged": broker.messageCount, "generation": broker.generation.rawValue,
            ])
        guard let tail = restored.recovery.tornTail else { return }
        log.warning("cut a torn tail", ["segment": tail.segment, "bytes": tail.byteCount])
    }
}
