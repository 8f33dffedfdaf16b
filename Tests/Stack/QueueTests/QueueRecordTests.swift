// What the log holds comes back as it was, and damage is refused rather than guessed at.

import Linux
import Testing
import Wire

@testable import Queue

struct QueueRecordTests {
    private static let records: [QueueRecord] = [
        .opened(Generation(rawValue: 300)),
        .enqueued(
            topic: "orders",
            QueueRecord.Enqueued(
                id: Array("o-1".utf8), offset: Offset(rawValue: .max - 1),
                time: MonotonicTime(nanoseconds: -5), payload: [0, 255, 10, 13])),
        .enqueued(
            topic: "",
            QueueRecord.Enqueued(
                id: [], offset: .zero, time: MonotonicTime(nanoseconds: .max), payload: [])),
        .acknowledged(topic: "ä", offset: Offset(rawValue: 9), number: 1 << 40),
        .delivered(topic: "orders", offset: Offset(rawValue: 127), attempt: 128),
        .remembered(topic: "orders", id: [1, 2, 3], offset: Offset(rawValue: 5), number: 6),
        .counted(topic: "orders", nextOffset: Offset(rawValue: 77), acknowledged: 70),
    ]

    @Test(arguments: records)
    func `a record reads back as it was written`(record: QueueRecord) throws {
        let back = try QueueRecord(kind: record.kind.rawValue, payload: record.encoded.span)
        #expect(back == record)
    }

    @Test(arguments: records)
    func `a record that is cut or has something behind it is refused`(record: QueueRecord) {
        let bytes = record.encoded
        for count in 0..<bytes.count {
            #expect(throws: ByteReaderError.self) {
                _ = try QueueRecord(
                    kind: record.kind.rawValue, payload: bytes.span.extracting(0..<count))
            }
        }
        #expect(throws: ByteReaderError.self) {
            _ = try QueueRecord(kind: record.kind.rawValue, payload: (bytes + [0]).span)
        }
    }

    @Test func `an unknown kind is refused by its number`() {
        #expect(throws: ByteReaderError(reason: .unknownTag(7), offset: 0)) {
            _ = try QueueRecord(kind: 7, payload: [UInt8]().span)
        }
    }

    @Test func `a tag reads back from its text`() {
        let tag = DeliveryTag(
            generation: Generation(rawValue: 3), offset: Offset(rawValue: .max), number: 12)
        #expect(DeliveryTag("\(tag)") == tag)
    }

    @Test(arguments: ["", "1.2", "1.2.3.4", "1..3", "a.b.c", "1.-2.3", "18446744073709551616.0.0"])
    func `a text that is no tag is none`(text: String) {
        #expect(DeliveryTag(text) == nil)
    }
}
