// The methods of AMQP 0-9-1 that a publisher with confirms and a consumer with acknowledgements need, and
// no others. Confirms are RabbitMQ's extension (class 85); the numbers are those of amqp0-9-1.xml.

/// What the client says.
enum AMQPRequest {
    case startOk(user: String, password: String)
    case tuneOk(channelMax: UInt16, frameMax: UInt32)
    case open
    case openChannel
    case declareQueue(String, isPassive: Bool, arguments: [(String, AMQPField)])
    case deleteQueue(String)
    case selectConfirms
    case prefetch(UInt16)
    case consume(String)
    case publish(queue: String)
    case acknowledge(UInt64, isMultiple: Bool)
    case close
    case closeOk

    /// The payload of its frame.
    var payload: [UInt8] {
        var writer = AMQPWriter()
        let (family, number) = identity
        writer.write(u16: family)
        writer.write(u16: number)
        writeArguments(to: &writer)
        return writer.bytes
    }

    private var identity: (UInt16, UInt16) {
        switch self {
        case .startOk: (10, 11)
        case .tuneOk: (10, 31)
        case .open: (10, 40)
        case .close: (10, 50)
        case .closeOk: (10, 51)
        case .openChannel: (20, 10)
        case .declareQueue: (50, 10)
        case .deleteQueue: (50, 40)
        case .prefetch: (60, 10)
        case .consume: (60, 20)
        case .publish: (60, 40)
        case .acknowledge: (60, 80)
        case .selectConfirms: (85, 10)
        }
    }

    private func writeArguments(to writer: inout AMQPWriter) {
        switch self {
        case .startOk(let user, let password):
            writer.write(table: [("product", .text("faultline-bench"))])
            writer.write(shortText: "PLAIN")
            writer.write(longText: [0] + Array(user.utf8) + [0] + Array(password.utf8))
            writer.write(shortText: "en_US")
        case .tuneOk(let channelMax, let frameMax):
            writer.write(u16: channelMax)
            writer.write(u32: frameMax)
            writer.write(u16: 0)  // No heartbeats.
        case .open:
            writer.write(shortText: "/")
            writer.write(shortText: "")
            writer.write(u8: 0)
        case .openChannel: writer.write(shortText: "")
        case .declareQueue(let name, let isPassive, let arguments):
            writer.write(u16: 0)
            writer.write(shortText: name)
            writer.write(u8: isPassive ? 0b11 : 0b10)  // Durable.
            writer.write(table: arguments)
        case .deleteQueue(let name):
            writer.write(u16: 0)
            writer.write(shortText: name)
            writer.write(u8: 0)
        case .selectConfirms: writer.write(u8: 0)
        case .prefetch(let count):
            writer.write(u32: 0)
            writer.write(u16: count)
            writer.write(u8: 0)
        case .consume(let queue):
            writer.write(u16: 0)
            writer.write(shortText: queue)
            writer.write(shortText: "")
            writer.write(u8: 0)
            writer.write(table: [])
        case .publish(let queue):
            writer.write(u16: 0)
            writer.write(shortText: "")  // The default exchange routes by the queue's name.
            writer.write(shortText: queue)
            writer.write(u8: 0)
        case .acknowledge(let tag, let isMultiple):
            writer.write(u64: tag)
            writer.write(u8: isMultiple ? 1 : 0)
        case .close:
            writer.write(u16: 200)
            writer.write(shortText: "")
            writer.write(u32: 0)
        case .closeOk: break
        }
    }
}

/// What the server says; `done` is any answer whose arguments are of no concern.
enum AMQPReply: Equatable {
    case start
    case tune(channelMax: UInt16, frameMax: UInt32)
    case done
    case deliver(tag: UInt64)
    case confirmed(UInt64, isMultiple: Bool, isTaken: Bool)
    /// The connection, or a channel, ends for a reason.
    case closed(code: UInt16, reason: String)

    init(payload: [UInt8]) throws(AMQPError) {
        var reader = AMQPReader(payload)
        switch (try reader.readU16(), try reader.readU16()) {
        case (10, 10): self = .start
        case (10, 30):
            self = .tune(channelMax: try reader.readU16(), frameMax: try reader.readU32())
        case (10, 41), (10, 51), (20, 11), (50, 11), (50, 41), (60, 11), (60, 21), (85, 11):
            self = .done
        case (10, 50), (20, 40):
            self = .closed(code: try reader.readU16(), reason: try reader.readShortText())
        case (60, 60):
            _ = try reader.readShortText()
            self = .deliver(tag: try reader.readU64())
        case (60, 80):
            let tag = try reader.readU64()
            self = .confirmed(tag, isMultiple: try reader.readU8() & 1 == 1, isTaken: true)
        case (60, 120):
            let tag = try reader.readU64()
            self = .confirmed(tag, isMultiple: try reader.readU8() & 1 == 1, isTaken: false)
        case (let family, let number): throw .malformed("method \(family).\(number)")
        }
    }
}

/// The head of a message's content (the specification's section 4.2.6.1).
enum AMQPContent {
    /// Head and body of a persistent message, as frames.
    static func frames(_ body: [UInt8], channel: UInt16) -> [UInt8] {
        precondition(body.count <= AMQPFrame.sizeMax - AMQPFrame.overhead, "one frame of body")
        var head = AMQPWriter()
        head.write(u16: 60)
        head.write(u16: 0)
        head.write(u64: UInt64(body.count))
        head.write(u16: 1 << 12)  // A delivery mode follows:
        head.write(u8: 2)  // persistent.
        return AMQPFrame(kind: .header, channel: channel, payload: head.bytes).bytes
            + AMQPFrame(kind: .body, channel: channel, payload: body).bytes
    }

    /// Bytes of the body that a head announces.
    static func bodySize(head payload: [UInt8]) throws(AMQPError) -> Int {
        var reader = AMQPReader(payload)
        _ = try reader.readU32()
        return Int(clamping: try reader.readU64())
    }
}
