// The pure judgement of one segment: what is a torn tail and what is corruption.

import Testing

@testable import Journal

struct SegmentScanTests {
    private let salt: UInt32 = 77

    /// A segment from batches of payload sizes, and where each record starts.
    private func segment(_ batches: [[Int]]) -> (bytes: [UInt8], starts: [Int]) {
        var bytes = SegmentHeader(firstIndex: 10, salt: salt).encoded
        var starts: [Int] = []
        var index: UInt64 = 10
        for batch in batches {
            for (place, count) in batch.enumerated() {
                starts.append(bytes.count)
                CheckedRecord.encode(
                    sample(index, count: count), place: UInt32(place), salt: salt, into: &bytes)
                index += 1
            }
        }
        return (bytes, starts)
    }

    @Test func `a whole segment is read to its last byte`() {
        let (bytes, starts) = segment([[0, 1, 8], [9], [300, 7]])
        let scan = SegmentScan(bytes.span)
        #expect(scan.ending == .clean)
        #expect(scan.end == bytes.count)
        #expect(scan.records.map(\.offset) == starts)
        #expect(scan.records.map(\.batchFirst) == [10, 10, 10, 13, 14, 14])
        #expect(scan.records.map { $0.record(in: bytes) }.map(\.index) == Array(10...15))
    }

    @Test func `every flipped bit is noticed at its record`() {
        let (intact, starts) = segment([[5], [0, 13], [3]])
        let last = starts[3]
        for offset in 0..<intact.count {
            for bit in 0..<8 {
                var bytes = intact
                bytes[offset] ^= UInt8(1 << bit)
                let scan = SegmentScan(bytes.span)
                let broken = starts.lastIndex { $0 <= offset }
                switch (broken, offset >= last) {
                case (nil, _): #expect(scan.ending == .corrupt(offset: 0))
                case (.some, true):
                    #expect(scan.ending == .torn(.incomplete))
                    #expect(scan.records.count == 3)
                case (.some(let place), false):
                    #expect(scan.ending == .corrupt(offset: starts[place]))
                    #expect(scan.records.count == place)
                }
            }
        }
    }

    @Test func `a lost sector inside the last batch is a torn tail`() {
        var (bytes, starts) = segment([[40], [700, 700, 700, 40]])
        zero(&bytes, 1024..<1536)
        let scan = SegmentScan(bytes.span)
        #expect(scan.ending == .torn(.hole))
        #expect(scan.end == starts[2])
    }

    @Test func `a lost start of the last batch is a torn tail`() {
        var (bytes, starts) = segment([[40], [700, 700, 40]])
        zero(&bytes, starts[1]..<512)
        let scan = SegmentScan(bytes.span)
        #expect(scan.ending == .torn(.hole))
        #expect(scan.end == starts[1])
    }

    @Test func `a lost sector of a batch that was synced is corruption`() {
        var (bytes, starts) = segment([[40], [700, 700, 700], [40]])
        zero(&bytes, 1024..<1536)
        #expect(SegmentScan(bytes.span).ending == .corrupt(offset: starts[2]))
    }

    @Test func `damage inside the last batch that is no lost sector is corruption`() {
        var (bytes, starts) = segment([[40], [700, 700, 700, 40]])
        zero(&bytes, 1024..<1535)
        #expect(SegmentScan(bytes.span).ending == .corrupt(offset: starts[2]))
    }

    @Test func `a payload that looks like a record does not hold up the cut`() {
        var forged: [UInt8] = []
        CheckedRecord.encode(sample(99), place: 0, salt: 0, into: &forged)
        var (bytes, starts) = segment([[40]])
        let start = bytes.count
        CheckedRecord.encode(
            JournalRecord(index: 11, kind: 0, payload: forged), place: 0, salt: salt, into: &bytes)
        bytes[start + 4] ^= 1
        let scan = SegmentScan(bytes.span)
        #expect(scan.ending == .torn(.incomplete))
        #expect(scan.records.map(\.offset) == starts)
    }

    @Test func `a header cut short with nothing behind it is a torn creation`() {
        let header = SegmentHeader(firstIndex: 3, salt: salt).encoded
        for count in 0..<header.count {
            let bytes = Array(header[..<count])
            #expect(SegmentScan(bytes.span).ending == .torn(.header))
            let padded = bytes + [UInt8](repeating: 0, count: 100)
            let isWhole = padded.starts(with: header)
            #expect(isWhole || SegmentScan(padded.span).ending == .torn(.header))
        }
        #expect(SegmentScan(header.span).ending == .clean)
    }

    @Test func `a repeated or skipped index is corruption`() {
        for wrong: UInt64 in [10, 12] {
            var (bytes, _) = segment([[5]])
            let start = bytes.count
            CheckedRecord.encode(sample(wrong), place: 0, salt: salt, into: &bytes)
            #expect(SegmentScan(bytes.span).ending == .corrupt(offset: start))
        }
    }

    @Test(
        arguments: [
            ("00000000000000000007.segment", UInt64(7)),
            ("18446744073709551615.segment", UInt64.max),
            ("7.segment", nil),
            ("0000000000000000000x.segment", nil),
            ("00000000000000000007.segment.new", nil),
        ] as [(String, UInt64?)])
    func `names of segments are read strictly`(name: String, index: UInt64?) {
        #expect(SegmentName.firstIndex(of: name) == index)
        if let index { #expect(SegmentName.name(firstIndex: index) == name) }
    }

    private func zero(_ bytes: inout [UInt8], _ range: Range<Int>) {
        for offset in range { bytes[offset] = 0 }
    }
}
