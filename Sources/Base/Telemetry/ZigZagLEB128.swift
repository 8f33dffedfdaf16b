// The variable-length integers of encoding V2, "ZigZag LEB128-64b9B": small magnitudes of either
// sign take few bytes. As in LEB128 a set top bit says that another byte follows, seven bits a
// byte, least significant first; but the ninth byte is the last one and carries eight bits, so
// that 64 bits take nine bytes and not ten.
//
// Fact: HdrHistogram, ZigZagEncoding.java.

enum ZigZagLEB128 {
    static let byteCountMax = 9

    static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        for _ in 1..<byteCountMax {
            guard rest > 0x7f else { break }
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        // Short of the ninth byte at most seven bits are left, and the top bit ends the number.
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Reads one number at `offset` and moves behind it.
    static func read(_ bytes: Span<UInt8>, at offset: inout Int) throws(HistogramError) -> Int64 {
        var folded: UInt64 = 0
        for position in 0..<byteCountMax {
            guard offset < bytes.count else {
                throw .truncated(needed: offset + 1, found: bytes.count)
            }
            let byte = bytes[offset]
            offset += 1
            let isLast = position == byteCountMax - 1
            folded |= UInt64(isLast ? byte : byte & 0x7f) << UInt64(7 * position)
            if byte & 0x80 == 0 { break }
        }
        return Int64(bitPattern: folded >> 1) ^ -Int64(folded & 1)
    }
}
