// Reads what `ByteWriter` wrote, over a span and without trust: whatever the bytes are, it returns
// a value or throws, and reserves no memory that the bytes do not account for.
//
// One value has one encoding: a varint with needless bytes is refused, so equal messages are equal
// bytes and a checksum over one is a checksum over the other.

package struct ByteReaderError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case truncated
        /// More than 64 bits, or a last byte of zero.
        case malformedVarint
        case malformedBool
        case malformedUTF8
        /// More elements than the rest of the bytes could hold.
        case impossibleCount
        case trailingBytes
        /// A tag that the message's own layout has no meaning for.
        case unknownTag(UInt8)
    }

    package let reason: Reason
    /// Bytes from the start of what is read.
    package let offset: Int

    /// Layouts built on the reader report their own faults with it too.
    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

package struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// 0 <= offset <= bytes.count
    package private(set) var offset = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    package var remaining: Int { bytes.count - offset }

    package mutating func readU8() throws(ByteReaderError) -> UInt8 {
        guard remaining >= 1 else { throw error(.truncated) }
        offset += 1
        return bytes[offset - 1]
    }

    package mutating func readU16() throws(ByteReaderError) -> UInt16 {
        UInt16(try readFixed(2))
    }

    package mutating func readU32() throws(ByteReaderError) -> UInt32 {
        UInt32(try readFixed(4))
    }

    package mutating func readU64() throws(ByteReaderError) -> UInt64 {
        try readFixed(8)
    }

    package mutating func readBool() throws(ByteReaderError) -> Bool {
        let byte = try readU8()
        guard byte <= 1 else { throw error(.malformedBool, at: offset - 1) }
        return byte == 1
    }

    package mutating func readVarint() throws(ByteReaderError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        for place in 0..<10 {
            let byte = try readU8()
            // The tenth byte has room for bit 63 alone.
            if place == 9, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 {
                if byte == 0, place > 0 { break }
                return value
            }
        }
        throw error(.malformedVarint, at: start)
    }

    package mutating func readSigned() throws(ByteReaderError) -> Int64 {
        let value = try readVarint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A number of elements, each of which takes at least so many bytes.
    package mutating func readCount(
        elementBytesMin: Int = 1
    ) throws(ByteReaderError) -> Int {
        precondition(elementBytesMin > 0, "an element takes room")
        let start = offset
        let count = try readVarint()
        guard count <= UInt64(remaining / elementBytesMin) else {
            throw error(.impossibleCount, at: start)
        }
        return Int(count)
    }

    package mutating func readBytes() throws(ByteReaderError) -> [UInt8] {
        [UInt8](copying: try readSpan())
    }

    package mutating func readText() throws(ByteReaderError) -> String {
        let start = offset
        guard let text = String(utf8: try readSpan()) else {
            throw error(.malformedUTF8, at: start)
        }
        return text
    }

    /// What `readBytes` gives, without a copy.
    @_lifetime(copy self)
    package mutating func readSpan() throws(ByteReaderError) -> Span<UInt8> {
        let start = offset
        let count = try readVarint()
        guard count <= UInt64(remaining) else { throw error(.truncated, at: start) }
        return try readRaw(Int(count))
    }

    /// That many bytes, which have no length in front.
    @_lifetime(copy self)
    package mutating func readRaw(_ count: Int) throws(ByteReaderError) -> Span<UInt8> {
        precondition(count >= 0, "a count is not negative")
        guard count <= remaining else { throw error(.truncated) }
        offset += count
        return bytes.extracting(offset - count..<offset)
    }

    /// Throws if anything is left, which means that writer and reader disagree.
    package func expectEnd() throws(ByteReaderError) {
        guard remaining == 0 else { throw error(.trailingBytes) }
    }

    private mutating func readFixed(_ count: Int) throws(ByteReaderError) -> UInt64 {
        guard remaining >= count else { throw error(.truncated) }
        var value: UInt64 = 0
        for place in 0..<count {
            value |= UInt64(bytes[offset + place]) << UInt64(8 * place)
        }
        offset += count
        return value
    }

    private func error(_ reason: ByteReaderError.Reason, at offset: Int? = nil) -> ByteReaderError {
        ByteReaderError(reason: reason, offset: offset ?? self.offset)
    }
}
