// One topic as a state machine without I/O, clock or randomness: the caller says what the time is
// and writes the records that the log must keep.
//
//                  log has it                  take                    acknowledge
//     settling ---------------> ready ---------------> in flight ---------------> done
//                                 ^                        |
//                                 +------------------------+
//                              deadline passed, or given back
//
// A message is handed out only once the log has it: else a worker could do an order that a crash
// undoes, and the offset would come to name another one. What has been waited for longest goes out
// first: new messages in the order of their arrival, and ahead of them those whose delivery
// expired. What a worker gives back goes to the end, so that an order that nobody can do now
// cannot keep the rest waiting.
//
// Ids are remembered for as long as their message is not done and for the window's count of further
// acknowledgements, so an order put on the queue again, as a client must that got no answer, is
// still one order. The window survives a restart since all of it is in the log.

import Linux

/// What a worker is handed.
struct Delivery: Equatable, Sendable {
    let tag: DeliveryTag
    let id: [UInt8]
    /// 1 for the first delivery.
    let attempt: Int
    let payload: [UInt8]
}

/// The figures of DEPTH.
struct TopicDepth: Equatable, Sendable {
    var ready = 0
    var inFlight = 0
    var acknowledged: UInt64 = 0
    /// Of the oldest message that is not done.
    var oldestAge: Duration = .zero
}

struct TopicState {
    struct Message {
        let id: [UInt8]
        let payload: [UInt8]
        let time: MonotonicTime
        /// The record that holds it.
        var index: UInt64
        var attempts = 0
        var standing = Standing.settling
    }

    enum Standing: Equatable {
        /// The log does not have it yet.
        case settling
        case ready
        case inFlight(number: UInt64, deadline: MonotonicTime)
    }

    /// What is kept of a message that is done.
    struct Remembered {
        let id: [UInt8]
        /// Which acknowledgement of the topic it was.
        let number: UInt64
        /// The record that holds the id.
        var index: UInt64
    }

    var generation: Generation
    /// Messages that are done and whose ids are still known; at least 1.
    let windowCountMax: Int

    /// The offset of the next message; above every offset there is.
    var nextOffset = Offset.zero
    var acknowledgedCount: UInt64 = 0
    /// Bytes of all payloads and ids of messages that are not done.
    var byteCount = 0
    /// Bytes of the ids that are remembered.
    var rememberedByteCount = 0
    /// Messages that are not done.
    var messages: [Offset: Message] = [:]
    var remembered: [Offset: Remembered] = [:]
    /// Of every message that is in `messages` or `remembered`.
    var offsets: [[UInt8]: Offset] = [:]

    /// In the order of the log; may name messages that are done.
    var settling = Fifo<Offset>()
    /// Ready and never delivered, or given back.
    var fresh = Fifo<Offset>()
    /// Ready again after a delivery expired; goes first.
    var returned = MinHeap<Offset>()
    /// One entry a delivery; those that ended otherwise are passed over.
    var deadlines = MinHeap<DeliveryDeadline>()
    /// In the order of acknowledgement.
    var window = Fifo<Offset>()
    /// By offset; may name messages that are done.
    var byAge = Fifo<Offset>()
    var readyCount = 0
    var inFlightCount = 0
    /// The number of the last delivery.
    var deliveryNumber: UInt64 = 0

    /// While the log is read, ids are gathered without regard to the window: those that were written
    /// again come out of their order.
    var isRestoring: Bool

    init(generation: Generation, windowCountMax: Int, isRestoring: Bool = false) {
        precondition(windowCountMax > 0, "a window remembers at least one id")
        self.generation = generation
        self.windowCountMax = windowCountMax
        self.isRestoring = isRestoring
    }

    /// The message that has the id, if it is still known.
    func offset(of id: [UInt8]) -> Offset? { offsets[id] }

    /// The record that must be durable before the message's sender may be answered.
    func index(of offset: Offset) -> UInt64? {
        messages[offset]?.index ?? remembered[offset]?.index
    }

    /// True as long as the record at the index is the one that tells of the message.
    func needs(_ offset: Offset, at index: UInt64) -> Bool { self.index(of: offset) == index }

    mutating func depth(at now: MonotonicTime) -> TopicDepth {
        expire(at: now)
        while let offset = byAge.first, messages[offset] == nil { _ = byAge.takeFirst() }
        var depth = TopicDepth(
            ready: readyCount, inFlight: inFlightCount, acknowledged: acknowledgedCount)
        if let offset = byAge.first, let message = messages[offset] {
            depth.oldestAge = max(.zero, now - message.time)
        }
        assert(readyCount + inFlightCount <= messages.count)
        return depth
    }
}

/// When a delivery ends by itself.
struct DeliveryDeadline: Comparable {
    let time: MonotonicTime
    let offset: Offset
    let number: UInt64

    static func < (left: DeliveryDeadline, right: DeliveryDeadline) -> Bool {
        (left.time, left.number) < (right.time, right.number)
    }
}
