// How one record lies in a segment. Pure: bytes in, values out, so that every cut and every flipped
// bit can be enumerated in tests.
//
// A record starts at a multiple of 8 bytes, all integers little-endian:
//
//      0        4        8                 16       20     21        24
//      +--------+--------+-----------------+--------+------+---------+-----------+---------+
//      | length | crc32c | index           | place  | kind | 0  0  0 | payload   | 0 ... 0 |
//      +--------+--------+-----------------+--------+------+---------+-----------+---------+
//                                                                      length      to 8
//
// The checksum covers the segment's salt and then every other byte, padding too. The salt keeps a
// payload that looks like a record (an attacker can write one) from being taken for one.
//
// `place` counts the records since the last barrier, a sync that was over before this record was
// written. So a valid record with index i and place p proves that everything before i - p had been
// synced. That is what tells a batch that a power cut wrote in part (its pages may land in any
// order) from damage to records that had been acknowledged.

import Wire

/// One record as the caller sees it.
package struct JournalRecord: Hashable, Sendable {
    package let index: UInt64
    /// The caller's tag; the journal gives it no meaning.
    package let kind: UInt8
    package let payload: [UInt8]

    package init(index: UInt64, kind: UInt8, payload: [UInt8]) {
        self.index = index
        self.kind = kind
        self.payload = payload
    }
}

/// A record's header and where its record lies, after the checksum held.
struct CheckedRecord: Equatable {
    static let headerSize = 24
    static let alignment = 8

    let offset: Int
    let payloadCount: Int
    let index: UInt64
    let place: UInt32
    let kind: UInt8

    var end: Int { offset + Self.size(payloadCount: payloadCount) }

    /// The first record that may have been unsynced when this one was written.
    var batchFirst: UInt64 { index - min(index, UInt64(place)) }

    /// The bytes that a record takes in its segment, padding included.
    static func size(payloadCount: Int) -> Int {
        (headerSize + payloadCount + alignment - 1) / alignment * alignment
    }

    static func encode(
        _ record: JournalRecord, place: UInt32, salt: UInt32, into bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.append(littleEndian: UInt32(record.payload.count))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: record.index)
        bytes.append(littleEndian: place)
        bytes.append(record.kind)
        bytes.append(contentsOf: [0, 0, 0])
        bytes.append(contentsOf: record.payload)
        let end = start + size(payloadCount: record.payload.count)
        bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
        let sum = checksum(bytes.span, from: start, to: end, salt: salt)
        bytes.replace(at: start + 4, littleEndian: sum)
    }

    /// The record at `offset`, or nil when no whole and intact one starts there.
    init?(_ bytes: Span<UInt8>, at offset: Int, salt: UInt32) {
        guard offset >= 0, bytes.count - offset >= Self.headerSize else { return nil }
        let count = Int(bytes.integer(at: offset, as: UInt32.self))
        let index = bytes.integer(at: offset + 8, as: UInt64.self)
        guard index > 0, bytes.integer(at: offset + 20, as: UInt32.self) < 256 else { return nil }
        let end = offset + Self.size(payloadCount: count)
        guard end <= bytes.count else { return nil }
        let sum = Self.checksum(bytes, from: offset, to: end, salt: salt)
        guard bytes.integer(at: offset + 4, as: UInt32.self) == sum else { return nil }
        self.offset = offset
        self.payloadCount = count
        self.index = index
        self.place = bytes.integer(at: offset + 16, as: UInt32.self)
        self.kind = bytes[offset + 20]
    }

    /// The caller's view, its payload copied out of the segment.
    func record(in bytes: [UInt8]) -> JournalRecord {
        let start = offset + Self.headerSize
        return JournalRecord(
            index: index, kind: kind, payload: Array(bytes[start..<(start + payloadCount)]))
    }

    private static func checksum(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, salt: UInt32
    ) -> UInt32 {
        let saltBytes: InlineArray<4, UInt8> = [
            UInt8(truncatingIfNeeded: salt), UInt8(truncatingIfNeeded: salt >> 8),
            UInt8(truncatingIfNeeded: salt >> 16), UInt8(truncatingIfNeeded: salt >> 24),
        ]
        var sum = CRC32C()
        sum.update(saltBytes.span)
        sum.update(bytes.extracting(start..<(start + 4)))
        sum.update(bytes.extracting((start + 8)..<end))
        return sum.value
    }
}
