// The checksum against its published vectors, and that pieces add up to the whole.

import Testing
import Wire

@Suite struct CRC32CTests {
    static let vectors: [([UInt8], UInt32)] = [
        ([], 0),
        ("123456789".bytes, 0xe306_9283),  // the check value of the CRC catalogues
        ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),  // RFC 3720 appendix B.4, from here on
        ([UInt8](repeating: 0xFF, count: 32), 0x62a8_ab43),
        ([UInt8](0..<32), 0x46dd_794e),
        ([UInt8]((0..<32).reversed()), 0x113f_db5c),
    ]

    @Test(arguments: vectors)
    func `the checksum is the published one`(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.checksum(bytes.span) == expected)
    }

    @Test func `pieces add up to the whole wherever the cuts are`() {
        let bytes = (0..<40).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let whole = CRC32C.checksum(bytes.span)
        for pieces in splits(of: bytes) + [singleBytes(of: bytes)] {
            var sum = CRC32C()
            for piece in pieces { sum.update(piece.span) }
            #expect(sum.value == whole)
        }
    }

    @Test func `every single bit counts`() {
        let bytes = (0..<24).map { UInt8($0) }
        let sums = (0..<bytes.count * 8).map { bit in
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            return CRC32C.checksum(flipped.span)
        }
        #expect(Set(sums + [CRC32C.checksum(bytes.span)]).count == bytes.count * 8 + 1)
    }
}
