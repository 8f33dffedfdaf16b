// Reads a whole segment held in memory and judges its end. Pure.
//
// The judgement is the heart of recovery. Records are read one after another until one does not
// check out, or is not the next index. Then:
//
//  - Nothing intact behind it, in the last segment: the process or the machine went down while this
//    was being written. The rest is a torn tail and is cut.
//  - Intact records behind it. Either the broken one was damaged long after it was acknowledged, or
//    a power cut let later pages of one batch reach the disk before earlier ones. Two facts must
//    both speak for the second: no intact record behind was written after a barrier that covers the
//    broken one (see `place` in RecordFormat.swift), and a whole sector of the hole reads as zeros,
//    which is what a file system shows for pages that never arrived. Otherwise it is corruption,
//    and cutting would drop acknowledged records, so opening refuses.
//
// Telling the two apart is the point of Alagappan et al., "Protocol-Aware Recovery for
// Consensus-Based Storage" (FAST'18, section 3.3); etcd's log uses the zeroed sector alone.
// What is left undetectable: damage to the very last record, or zeros over an acknowledged sector
// of the very last batch. Both are reported as a cut, with the count of bytes.

struct SegmentScan: Equatable {
    /// How the segment ends.
    enum Ending: Equatable {
        /// The last byte belongs to the last record.
        case clean
        /// All from `end` on was never acknowledged.
        case torn(TornTail.Cause)
        case corrupt(offset: Int)
    }

    /// Nil when the header itself did not check out.
    let header: SegmentHeader?
    let records: [CheckedRecord]
    /// Where the next record goes.
    let end: Int
    let ending: Ending

    init(_ bytes: Span<UInt8>) {
        header = SegmentHeader(bytes)
        guard let header else {
            records = []
            end = 0
            let isBare = Self.isZero(bytes, from: min(SegmentHeader.size, bytes.count))
            ending = isBare ? .torn(.header) : .corrupt(offset: 0)
            return
        }
        var records: [CheckedRecord] = []
        var next = header.firstIndex
        var end = SegmentHeader.size
        while let record = CheckedRecord(bytes, at: end, salt: header.salt), record.index == next {
            records.append(record)
            next += 1
            end = record.end
        }
        self.records = records
        self.end = end
        ending = Self.judge(bytes, brokenAt: end, index: next, salt: header.salt)
    }

    private static func judge(
        _ bytes: Span<UInt8>, brokenAt start: Int, index: UInt64, salt: UInt32
    ) -> Ending {
        if start == bytes.count { return .clean }
        var offset = start
        var holeIsJudged = false
        while let found = firstRecord(bytes, from: offset, salt: salt) {
            if found.index <= index || found.batchFirst > index { return .corrupt(offset: start) }
            if !holeIsJudged {
                let isLost = hasLostSector(bytes, from: start, to: found.offset)
                if !isLost { return .corrupt(offset: start) }
                holeIsJudged = true
            }
            offset = found.end
        }
        return .torn(holeIsJudged ? .hole : .incomplete)
    }

    /// The first intact record at or behind `start`, wherever the broken one says that it ends.
    private static func firstRecord(
        _ bytes: Span<UInt8>, from start: Int, salt: UInt32
    ) -> CheckedRecord? {
        var offset = start
        while offset + CheckedRecord.headerSize <= bytes.count {
            if let record = CheckedRecord(bytes, at: offset, salt: salt) { return record }
            offset += CheckedRecord.alignment
        }
        return nil
    }

    /// True when all of the hole's share of one sector reads as zeros up to the sector's end.
    private static func hasLostSector(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        let sectorSize = 512
        var from = start
        while true {
            let sectorEnd = (from / sectorSize + 1) * sectorSize
            if sectorEnd > end { return false }
            if isZero(bytes.extracting(from..<sectorEnd), from: 0) { return true }
            from = sectorEnd
        }
    }

    private static func isZero(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        for offset in start..<bytes.count where bytes[offset] != 0 { return false }
        return true
    }
}

/// What opening cut off the end of the log; none of it had been acknowledged.
package struct TornTail: Hashable, Sendable {
    package enum Cause: String, Sendable {
        /// The last records are incomplete, zeroed or fail their checksum.
        case incomplete
        /// Pages of one unsynced batch are missing in front of others that arrived.
        case hole
        /// A segment was being created.
        case header
    }

    package let segment: String
    package let offset: Int
    package let byteCount: Int
    package let cause: Cause
}
