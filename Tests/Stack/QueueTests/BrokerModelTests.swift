// The broker against the naive model: the same random commands, crashes at any record that is not
// durable yet, and a log that is shortened now and then.

import Determinism
import Linux
import Testing

@testable import Queue

struct BrokerModelTests {
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `the broker does what the model does`(seed: UInt64) throws {
        var trial = try Trial(seed: seed)
        for _ in 0..<400 { try trial.step() }
        #expect(trial.crashCount > 0)
        #expect(trial.droppedCount > 0)
        #expect(trial.model.messages.contains { $0.doneAt != nil })
    }

    @Test func `a topic without end refuses what it has no room for`() {
        var limits = BrokerLimits()
        limits.topicsMax = 1
        limits.messagesMax = 2
        limits.bytesMax = 10
        var broker = Broker(limits: limits, windowCountMax: 5)
        _ = broker.finishRestoring()
        let now = MonotonicTime(nanoseconds: 0)
        func admission(_ id: UInt8, _ size: Int, to topic: String = "a") -> Broker.Admission {
            broker.admit([UInt8](repeating: 0, count: size), id: [id], to: topic, now: now)
        }
        guard case .fresh(let record, _) = admission(1, 4) else {
            Issue.record("refused although empty")
            return
        }
        broker.apply(record, at: 1, now: now)
        #expect(admission(2, 5) == .refused("too many bytes"))
        #expect(admission(2, 1, to: "b") == .refused("too many topics"))
        #expect(admission(1, 99) == .known(.zero, index: 1))
        guard case .fresh(let second, _) = admission(2, 4) else {
            Issue.record("refused although there is room")
            return
        }
        broker.apply(second, at: 2, now: now)
        #expect(admission(3, 0) == .refused("too many messages"))
    }
}

/// One run of random commands.
private struct Trial {
    private static let topic = "orders"
    private static let window = 5

    var model = BrokerModel(windowCountMax: window)
    var crashCount = 0
    var droppedCount = 0
    private var broker: Broker
    private var random: SeededRandom
    /// The log as bytes; `log[0]` has the index `firstIndex`.
    private var log: [(kind: UInt8, payload: [UInt8])] = []
    private var firstIndex: UInt64 = 1
    private var durableIndex: UInt64 = 0
    private var now: Int64 = 0
    /// Every tag that was ever handed out.
    private var tags: [DeliveryTag] = []

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        broker = Broker(limits: BrokerLimits(), windowCountMax: Self.window)
        try open()
    }

    private var time: MonotonicTime { MonotonicTime(nanoseconds: now) }
    private var lastIndex: UInt64 { firstIndex + UInt64(log.count) - 1 }

    mutating func step() throws {
        now += Int64(random.integer(in: 0..<4))
        switch random.integer(in: 0..<100) {
        case 0..<30: enqueue(random.integer(in: 0..<40))
        case 30..<50: settle(through: durableIndex + 1 + UInt64(random.integer(in: 0..<6)))
        case 50..<65: take(1 + random.integer(in: 0..<3), Int64(1 + random.integer(in: 0..<30)))
        case 65..<85: acknowledge()
        case 85..<90: giveBack()
        case 90..<94: compact()
        case 94..<96: try crash()
        default: break
        }
        try compare()
    }

    // MARK: Commands

    private mutating func enqueue(_ id: Int) {
        let known = model.offset(of: id)
        switch broker.admit([UInt8(id)], id: [UInt8(id)], to: Self.topic, now: time) {
        case .refused(let reason): Issue.record("refused: \(reason)")
        case .known(let offset, let index):
            #expect(offset.rawValue == known)
            #expect(index <= lastIndex)
        case .fresh(let record, let offset):
            #expect(known == nil)
            #expect(offset.rawValue == model.nextOffset)
            model.enqueue(id, at: write(record), time: now)
        }
    }

    private mutating func settle(through index: UInt64) {
        durableIndex = max(durableIndex, min(index, lastIndex))
        _ = broker.settle(through: durableIndex)
        model.settle(through: durableIndex)
    }

    private mutating func take(_ countMax: Int, _ visibility: Int64) {
        model.expire(now)
        let deliveries = broker.take(
            countMax, from: Self.topic, visibility: .nanoseconds(visibility), now: time)
        for delivery in deliveries {
            guard let position = model.next else {
                Issue.record("handed out \(delivery), which the model does not have")
                return
            }
            let message = model.messages[position]
            #expect(delivery.tag.offset.rawValue == message.offset)
            #expect(delivery.id == [UInt8(message.id)])
            #expect(delivery.attempt == message.deliveries.count + 1)
            #expect(!tags.contains(delivery.tag))
            tags.append(delivery.tag)
            model.messages[position].place = .inFlight(
                tag: "\(delivery.tag)", until: now + visibility)
            let index = write(
                .delivered(
                    topic: Self.topic, offset: delivery.tag.offset, attempt: delivery.attempt))
            model.messages[position].deliveries.append(index)
        }
        #expect(deliveries.count == countMax || model.next == nil)
    }

    private mutating func acknowledge() {
        guard let tag = anyTag() else { return }
        model.expire(now)
        let record = broker.acknowledgement(of: tag, in: Self.topic, now: time)
        let position = model.position(of: "\(tag)")
        #expect((record == nil) == (position == nil))
        if let record, let position { model.messages[position].doneAt = write(record) }
    }

    private mutating func giveBack() {
        guard let tag = anyTag() else { return }
        model.expire(now)
        let isTaken = broker.giveBack(tag, to: Self.topic, now: time)
        let position = model.position(of: "\(tag)")
        #expect(isTaken == (position != nil))
        if let position { model.giveBack(position) }
    }

    /// Mostly a recent one, sometimes one that is long over.
    private mutating func anyTag() -> DeliveryTag? {
        random.element(of: random.chance(0.8) ? tags.suffix(6) : tags)
    }

    // MARK: Log

    private mutating func write(_ record: QueueRecord) -> UInt64 {
        log.append((record.kind.rawValue, record.encoded))
        broker.apply(record, at: lastIndex, now: time)
        return lastIndex
    }

    /// As the service does it: write again, note the bound, commit, drop.
    private mutating func compact() {
        let end = firstIndex + UInt64(random.integer(in: 0...log.count))
        while true {
            let records = broker.takeNeeded(before: end, countMax: 3)
            if records.isEmpty { break }
            for record in records { _ = write(record) }
        }
        let bound = broker.oldestNeeded() ?? lastIndex + 1
        for record in broker.counts { _ = write(record) }
        settle(through: lastIndex)
        guard bound > firstIndex else { return }
        log.removeFirst(Int(bound - firstIndex))
        droppedCount += Int(bound - firstIndex)
        firstIndex = bound
    }

    private mutating func crash() throws {
        let kept = durableIndex + UInt64(random.integer(in: 0...Int(lastIndex - durableIndex)))
        log.removeLast(Int(lastIndex - kept))
        model.crash(keeping: kept)
        crashCount += 1
        broker = Broker(limits: BrokerLimits(), windowCountMax: Self.window)
        try open()
    }

    private mutating func open() throws {
        for (place, entry) in log.enumerated() {
            let record = try QueueRecord(kind: entry.kind, payload: entry.payload.span)
            broker.apply(record, at: firstIndex + UInt64(place), now: time)
        }
        let opened = broker.finishRestoring()
        _ = write(opened)
        settle(through: lastIndex)
    }

    // MARK: Comparison

    private mutating func compare() throws {
        model.expire(now)
        let depth = broker.depth(of: Self.topic, now: time)
        let ready = model.count { place in
            if case .ready = place { true } else { false }
        }
        let inFlight = model.count { place in
            if case .inFlight = place { true } else { false }
        }
        try #require(depth.ready == ready)
        try #require(depth.inFlight == inFlight)
        try #require(depth.acknowledged == UInt64(model.messages.count { $0.doneAt != nil }))
        try #require(depth.oldestAge == .nanoseconds(model.oldestAge(now)))
        let open = model.messages.count { $0.doneAt == nil }
        try #require(broker.messageCount == open)
        try #require(broker.byteCount == 2 * open)
        var known: [Int: UInt64] = [:]
        for (id, offset) in broker.topics[Self.topic]?.offsets ?? [:] {
            known[Int(id[0])] = offset.rawValue
        }
        try #require(known == model.knownOffsets)
    }
}
