// The words of each command, checked and typed, and the replies that all of them share.

import Endpoints
import Linux
import Wire

struct EnqueueCall {
    let topic: String
    let id: [UInt8]
    let payload: [UInt8]

    init?(_ command: RESPCommand) {
        guard command.count == 4, let topic = command.text(1), let id = command[2],
            let payload = command[3]
        else { return nil }
        self.topic = topic
        self.id = id
        self.payload = payload
    }

    func problem(_ limits: BrokerLimits) -> String? {
        let names = 1...limits.nameBytesMax
        if !names.contains(topic.utf8.count) { return "topic of \(topic.utf8.count) bytes" }
        if !names.contains(id.count) { return "id of \(id.count) bytes" }
        if payload.count > limits.payloadBytesMax { return "payload of \(payload.count) bytes" }
        return nil
    }
}

struct DequeueCall {
    private static let millisecondsMax: Int64 = 12 * 3_600_000
    private static let waitMax = Duration.seconds(30)

    let topic: String
    let worker: String
    let countMax: Int
    let visibility: Duration
    /// How long to wait for the first message; zero to look once.
    let wait: Duration

    /// A visibility of 0 asks for the queue's own.
    init?(_ command: RESPCommand, _ visibility: Duration, _ limits: BrokerLimits) {
        let allowed = 0...Self.millisecondsMax
        guard command.count == 6, let topic = command.text(1), let worker = command.text(2),
            let countMax = command.integer(3), countMax >= 1,
            let visible = command.integer(4), allowed.contains(visible),
            let wait = command.integer(5), allowed.contains(wait)
        else { return nil }
        self.topic = topic
        self.worker = worker
        self.countMax = min(Int(clamping: countMax), limits.batchMax)
        self.visibility = visible == 0 ? visibility : .milliseconds(visible)
        self.wait = min(.milliseconds(wait), Self.waitMax)
    }
}

/// ACK and NACK.
struct TagCall {
    let topic: String
    /// Nil for what is no tag of ours, which is as stale as any old one.
    let tag: DeliveryTag?

    init?(_ command: RESPCommand) {
        guard command.count == 3, let topic = command.text(1), let tag = command.text(2) else {
            return nil
        }
        self.topic = topic
        self.tag = DeliveryTag(tag)
    }
}

extension Delivery {
    var reply: RESPValue {
        .array([.bulk("\(tag)"), .bulk(id), .integer(Int64(attempt)), .bulk(payload)])
    }
}

extension RESPValue {
    /// The queue stopped before the disk had it; it may be there all the same at the next start.
    static let lost = RESPValue.error("UNKNOWN the queue stopped before the disk had it")

    static func usage(_ words: String) -> RESPValue { .error("ERR usage: \(words)") }
}
