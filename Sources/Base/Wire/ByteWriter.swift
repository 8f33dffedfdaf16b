// Binary layouts of our own: what frames carry and logs hold. `ByteReader` is its mirror.
//
// Fixed numbers are little-endian. A varint is LEB128: seven bits a byte, lowest first, the top bit
// set on all but the last. Signed varints are zigzag (0, -1, 1, -2 become 0, 1, 2, 3), so that small
// numbers of either sign are short. Bytes and text have their length in front, as a varint.

package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8]

    /// Starts empty, or behind bytes that are there already.
    package init(appendingTo bytes: consuming [UInt8] = []) {
        self.bytes = bytes
    }

    package var count: Int { bytes.count }

    package mutating func write(u8 value: UInt8) {
        bytes.append(value)
    }

    package mutating func write(u16 value: UInt16) {
        write(u8: UInt8(truncatingIfNeeded: value))
        write(u8: UInt8(truncatingIfNeeded: value >> 8))
    }

    package mutating func write(u32 value: UInt32) {
        write(u16: UInt16(truncatingIfNeeded: value))
        write(u16: UInt16(truncatingIfNeeded: value >> 16))
    }

    package mutating func write(u64 value: UInt64) {
        write(u32: UInt32(truncatingIfNeeded: value))
        write(u32: UInt32(truncatingIfNeeded: value >> 32))
    }

    package mutating func write(bool value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    package mutating func write(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func write(signed value: Int64) {
        write(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// A number of elements or bytes that follow.
    package mutating func write(count: Int) {
        precondition(count >= 0, "a count is not negative")
        write(varint: UInt64(count))
    }

    package mutating func write(bytes content: Span<UInt8>) {
        write(count: content.count)
        write(raw: content)
    }

    package mutating func write(bytes content: [UInt8]) {
        write(bytes: content.span)
    }

    package mutating func write(text: String) {
        write(bytes: text.utf8.span)
    }

    /// Bytes without their length, for what runs to the end or has a length of its own.
    package mutating func write(raw content: Span<UInt8>) {
        bytes.append(copying: content)
    }

    /// Overwrites four bytes written before, as a length that is known only at the end must be.
    package mutating func patch(u32 value: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= bytes.count, "patch only what is written")
        for place in 0..<4 {
            bytes[offset + place] = UInt8(truncatingIfNeeded: value >> UInt32(8 * place))
        }
    }

    /// Gives the bytes up without a copy.
    package consuming func finish() -> [UInt8] { bytes }
}
