// What the queue writes into its log. The state of a queue is what its records say, applied in
// order, and live changes go through the same records as a restart does, so the two cannot differ.
//
// A record's kind is the journal's kind byte; its payload is `ByteWriter`'s encoding of the fields
// in the order in which they stand here. All but `opened` begin with the topic.

import Linux
import Wire

/// A change of the queue's state that survives a restart.
enum QueueRecord: Equatable, Sendable {
    /// A new start; deliveries of the starts before it can no longer be acknowledged.
    case opened(Generation)
    /// A message arrived; also written again, with the same offset, to free the log's oldest part.
    case enqueued(topic: String, Enqueued)
    /// A message was done; `number` counts the acknowledgements of its topic.
    case acknowledged(topic: String, offset: Offset, number: UInt64)
    /// A message was handed out. Not waited for, so the count may be short after a crash.
    case delivered(topic: String, offset: Offset, attempt: Int)
    /// The id of a message that is done, written again to free the log's oldest part.
    case remembered(topic: String, id: [UInt8], offset: Offset, number: UInt64)
    /// The counters of a topic, which records that are dropped no longer tell.
    case counted(topic: String, nextOffset: Offset, acknowledged: UInt64)

    struct Enqueued: Equatable, Sendable {
        let id: [UInt8]
        let offset: Offset
        /// By the host's monotonic clock; a later boot takes it for no more than a hint.
        let time: MonotonicTime
        let payload: [UInt8]
    }

    enum Kind: UInt8 {
        case opened = 1
        case enqueued, acknowledged, delivered, remembered, counted
    }

    var kind: Kind {
        switch self {
        case .opened: .opened
        case .enqueued: .enqueued
        case .acknowledged: .acknowledged
        case .delivered: .delivered
        case .remembered: .remembered
        case .counted: .counted
        }
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .opened(let generation):
            writer.write(varint: generation.rawValue)
        case .enqueued(let topic, let message):
            writer.write(text: topic)
            writer.write(bytes: message.id)
            writer.write(varint: message.offset.rawValue)
            writer.write(signed: message.time.nanoseconds)
            writer.write(bytes: message.payload)
        case .acknowledged(let topic, let offset, let number):
            writer.write(text: topic)
            writer.write(varint: offset.rawValue)
            writer.write(varint: number)
        case .delivered(let topic, let offset, let attempt):
            writer.write(text: topic)
            writer.write(varint: offset.rawValue)
            writer.write(count: attempt)
        case .remembered(let topic, let id, let offset, let number):
            writer.write(text: topic)
            writer.write(bytes: id)
            writer.write(varint: offset.rawValue)
            writer.write(varint: number)
        case .counted(let topic, let nextOffset, let acknowledged):
            writer.write(text: topic)
            writer.write(varint: nextOffset.rawValue)
            writer.write(varint: acknowledged)
        }
        return writer.finish()
    }

    init(kind: UInt8, payload: Span<UInt8>) throws(ByteReaderError) {
        guard let kind = Kind(rawValue: kind) else {
            throw ByteReaderError(reason: .unknownTag(kind), offset: 0)
        }
        var reader = ByteReader(payload)
        switch kind {
        case .opened:
            self = .opened(Generation(rawValue: try reader.readVarint()))
        case .enqueued:
            self = .enqueued(topic: try reader.readText(), try Enqueued(&reader))
        case .acknowledged:
            self = .acknowledged(
                topic: try reader.readText(), offset: try reader.readOffset(),
                number: try reader.readVarint())
        case .delivered:
            self = .delivered(
                topic: try reader.readText(), offset: try reader.readOffset(),
                attempt: Int(clamping: try reader.readVarint()))
        case .remembered:
            self = .remembered(
                topic: try reader.readText(), id: try reader.readBytes(),
                offset: try reader.readOffset(), number: try reader.readVarint())
        case .counted:
            self = .counted(
                topic: try reader.readText(), nextOffset: try reader.readOffset(),
                acknowledged: try reader.readVarint())
        }
        try reader.expectEnd()
    }
}

extension QueueRecord.Enqueued {
    init(_ reader: inout ByteReader) throws(ByteReaderError) {
        id = try reader.readBytes()
        offset = try reader.readOffset()
        time = MonotonicTime(nanoseconds: try reader.readSigned())
        payload = try reader.readBytes()
    }
}
