// All topics of a queue, still without I/O: decides what to write to the log, is told where it was
// written, and knows which part of the log is needed no more.

import Linux

struct Broker {
    let limits: BrokerLimits
    let windowCountMax: Int
    private(set) var generation = Generation.none
    private(set) var topics: [String: TopicState] = [:]
    private(set) var messageCount = 0
    private(set) var byteCount = 0
    /// Every record that holds a message or an id, oldest first; some are not needed any more.
    var holders = Fifo<Holder>()
    /// While the log is read, nobody knows the generation yet.
    private var isRestoring = true

    struct Holder {
        let index: UInt64
        let topic: String
        let offset: Offset
    }

    /// What becomes of a message that was sent.
    enum Admission: Equatable {
        /// The id is known: answered with its offset once the log has the record.
        case known(Offset, index: UInt64)
        /// To be written to the log and applied.
        case fresh(QueueRecord, Offset)
        case refused(String)
    }

    init(limits: BrokerLimits, windowCountMax: Int) {
        self.limits = limits
        self.windowCountMax = windowCountMax
    }

    // MARK: Records

    /// Makes a record's change, which the log has or will have at the index.
    mutating func apply(_ record: QueueRecord, at index: UInt64, now: MonotonicTime) {
        switch record {
        case .opened(let opened):
            generation = max(generation, opened)
        case .enqueued(let topic, let arrival):
            change(topic) { $0.apply(arrival, at: index, now: now) }
            holders.append(Holder(index: index, topic: topic, offset: arrival.offset))
        case .acknowledged(let topic, let offset, let number):
            change(topic) { $0.applyAcknowledgement(of: offset, number: number) }
        case .delivered(let topic, let offset, let attempt):
            change(topic) { $0.applyDelivery(of: offset, attempt: attempt) }
        case .remembered(let topic, let id, let offset, let number):
            let entry = TopicState.Remembered(id: id, number: number, index: index)
            change(topic) { $0.apply(entry, of: offset) }
            holders.append(Holder(index: index, topic: topic, offset: offset))
        case .counted(let topic, let nextOffset, let acknowledged):
            change(topic) { $0.apply(nextOffset: nextOffset, acknowledged: acknowledged) }
        }
    }

    /// Ends the restoring; the returned record opens the new generation and is to be applied.
    mutating func finishRestoring() -> QueueRecord {
        precondition(isRestoring, "a queue is restored once")
        isRestoring = false
        let opened = generation.next
        generation = opened
        for name in Array(topics.keys) {
            change(name) { topic in
                topic.generation = opened
                topic.finishRestoring()
            }
        }
        return .opened(generation)
    }

    /// Everything that the log has up to the index may be handed out; names who got something.
    mutating func settle(through index: UInt64) -> [(topic: String, count: Int)] {
        var settled: [(topic: String, count: Int)] = []
        for name in Array(topics.keys) {
            let count = topics[name]?.settle(through: index) ?? 0
            if count > 0 { settled.append((name, count)) }
        }
        return settled
    }

    // MARK: Commands

    func admit(
        _ payload: [UInt8], id: [UInt8], to topic: String, now: MonotonicTime
    ) -> Admission {
        if let known = topics[topic]?.offset(of: id), let index = topics[topic]?.index(of: known) {
            return .known(known, index: index)
        }
        let size = id.count + payload.count
        if topics[topic] == nil, topics.count >= limits.topicsMax {
            return .refused("too many topics")
        }
        if messageCount >= limits.messagesMax { return .refused("too many messages") }
        if byteCount + size > limits.bytesMax { return .refused("too many bytes") }
        let offset = topics[topic]?.nextOffset ?? .zero
        let arrival = QueueRecord.Enqueued(id: id, offset: offset, time: now, payload: payload)
        return .fresh(.enqueued(topic: topic, arrival), offset)
    }

    mutating func take(
        _ countMax: Int, from topic: String, visibility: Duration, now: MonotonicTime
    ) -> [Delivery] {
        topics[topic]?.take(countMax, visibility: visibility, at: now) ?? []
    }

    /// The record that acknowledges a delivery, to be written and applied; nil when it is stale.
    mutating func acknowledgement(
        of tag: DeliveryTag, in topic: String, now: MonotonicTime
    ) -> QueueRecord? {
        guard let offset = topics[topic]?.offset(of: tag, at: now),
            let count = topics[topic]?.acknowledgedCount
        else { return nil }
        return .acknowledged(topic: topic, offset: offset, number: count + 1)
    }

    mutating func giveBack(_ tag: DeliveryTag, to topic: String, now: MonotonicTime) -> Bool {
        topics[topic]?.giveBack(tag, at: now) ?? false
    }

    mutating func depth(of topic: String, now: MonotonicTime) -> TopicDepth {
        topics[topic]?.depth(at: now) ?? TopicDepth()
    }

    mutating func nextDeadline(of topic: String) -> MonotonicTime? {
        topics[topic]?.nextDeadline()
    }

    mutating func expire(in topic: String, now: MonotonicTime) { topics[topic]?.expire(at: now) }

    func readyCount(of topic: String) -> Int { topics[topic]?.readyCount ?? 0 }

    private mutating func change(_ name: String, _ body: (inout TopicState) -> Void) {
        var topic =
            topics.removeValue(forKey: name)
            ?? TopicState(
                generation: generation, windowCountMax: windowCountMax, isRestoring: isRestoring)
        messageCount -= topic.messages.count
        byteCount -= topic.byteCount
        body(&topic)
        messageCount += topic.messages.count
        byteCount += topic.byteCount
        topics[name] = topic
    }
}
