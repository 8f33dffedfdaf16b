// CRC-32C (Castagnoli), the checksum of frames between replicas: RFC 3720 appendix B.4 has its
// vectors. It finds every burst of up to 32 bits, which a sum does not.
//
// Eight bytes a step, each through a table of its own ("slicing-by-8": Kounavis and Berry, "A
// systematic approach to building high performance software-based CRC generators", 2005). The
// processor's own instruction would be faster still, but needs C and a check of the machine.

package struct CRC32C: Sendable {
    /// The reversed polynomial 0x1EDC6F41.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// Eight tables of 256, one behind the other: table t moves a byte past t more bytes.
    private static let tables: [UInt32] = {
        var tables = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { rest, _ in
                rest & 1 == 1 ? rest >> 1 ^ polynomial : rest >> 1
            }
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
        }
        return tables
    }()

    private var state: UInt32 = 0xFFFF_FFFF

    package init() {}

    /// The checksum of everything so far; more may follow.
    package var value: UInt32 { ~state }

    package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var sum = CRC32C()
        sum.update(bytes)
        return sum.value
    }

    package mutating func update(_ bytes: Span<UInt8>) {
        let tables = Self.tables.span
        // Bytes have no padding, which is all that this view could wrongly show.
        let raw = unsafe bytes.bytes
        var rest = state
        var index = 0
        while index + 8 <= bytes.count {
            // In bounds by the line above; the load assumes no alignment.
            let word = unsafe raw.unsafeLoadUnaligned(
                fromUncheckedByteOffset: index, as: UInt64.self)
            rest = Self.fold(word.littleEndian ^ UInt64(rest), tables)
            index += 8
        }
        while index < bytes.count {
            rest = rest >> 8 ^ tables[Int((rest ^ UInt32(bytes[index])) & 0xFF)]
            index += 1
        }
        state = rest
    }

    /// One step over eight bytes, the first of them lowest.
    private static func fold(_ word: UInt64, _ tables: Span<UInt32>) -> UInt32 {
        // Every index is a table's start plus one byte, so it is below 8 * 256.
        unsafe tables[unchecked: 7 << 8 | Int(word & 0xFF)]
            ^ tables[unchecked: 6 << 8 | Int(word >> 8 & 0xFF)]
            ^ tables[unchecked: 5 << 8 | Int(word >> 16 & 0xFF)]
            ^ tables[unchecked: 4 << 8 | Int(word >> 24 & 0xFF)]
            ^ tables[unchecked: 3 << 8 | Int(word >> 32 & 0xFF)]
            ^ tables[unchecked: 2 << 8 | Int(word >> 40 & 0xFF)]
            ^ tables[unchecked: 1 << 8 | Int(word >> 48 & 0xFF)]
            ^ tables[unchecked: Int(word >> 56)]
    }
}
