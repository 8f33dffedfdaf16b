// The variable-length integers: published bytes, the nine-byte rule, and truncation.

import Determinism
import Testing

@testable import Telemetry

@Suite struct ZigZagLEB128Tests {
    @Test(
        arguments: [
            (0, [0x00]),
            (-10, [0x13]),  // HdrHistogram_py: ten zero counters
            (-9, [0x11]),
            (1, [0x02]),
            (63, [0x7e]),
            (64, [0x80, 0x01]),
            (-64, [0x7f]),
            (-65, [0x81, 0x01]),
            (10_000, [0xa0, 0x9c, 0x01]),  // in HdrHistogram_c's standard sample
            (.max, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (.min, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] as [(Int64, [UInt8])])
    func `numbers have their published bytes, both ways`(value: Int64, bytes: [UInt8]) throws {
        var encoded: [UInt8] = []
        ZigZagLEB128.append(value, to: &encoded)
        #expect(encoded == bytes)
        var offset = 0
        let decoded = try ZigZagLEB128.read(bytes.span, at: &offset)
        #expect(decoded == value)
        #expect(offset == bytes.count)
    }

    @Test func `every width of number survives, and no cut of it does`() throws {
        var random = SeededRandom(seed: 77)
        for _ in 0..<500 {
            let value = Int64(bitPattern: random.next()) >> Int64(random.integer(in: 0...63))
            var bytes: [UInt8] = []
            ZigZagLEB128.append(value, to: &bytes)
            #expect(bytes.count <= ZigZagLEB128.byteCountMax)
            var offset = 0
            let decoded = try ZigZagLEB128.read(bytes.span, at: &offset)
            #expect(decoded == value && offset == bytes.count)
            let cut = Array(bytes.dropLast())
            #expect(throws: HistogramError.self) {
                var offset = 0
                return try ZigZagLEB128.read(cut.span, at: &offset)
            }
        }
    }
}
