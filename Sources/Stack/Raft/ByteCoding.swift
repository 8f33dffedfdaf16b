// The smallest coding that Raft's own values need, kept here so that the module imports nothing.
//
// Integers are LEB128 varints, seven bits a byte, least significant first: terms, indices
// and lengths are small numbers nearly always. Checksums and framing belong to the link and to the journal.

/// Why bytes are not what they claim to be.
package enum RaftCodingError: Error, Hashable, Sendable {
    /// The bytes end in the middle of a value.
    case truncated(at: Int)
    /// A varint does not end within ten bytes, or exceeds 64 bits.
    case varintTooLong(at: Int)
    /// A byte that tells what follows has no such meaning.
    case unknownKind(UInt8, at: Int)
    /// A count or an index that the rest of the bytes cannot hold.
    case implausible(UInt64, at: Int)
    /// The value is complete, and bytes are left over.
    case trailingBytes(Int)
}

/// Reads values one after the other from borrowed bytes.
struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    private var left: Int { bytes.count - offset }

    @_lifetime(self: copy self)
    mutating func byte() throws(RaftCodingError) -> UInt8 {
        guard left > 0 else { throw .truncated(at: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    @_lifetime(self: copy self)
    mutating func varint() throws(RaftCodingError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        for place in 0..<10 {
            let next = try byte()
            let bits = UInt64(next & 0x7F)
            guard place < 9 || bits <= 1 else { break }
            value |= bits << (7 * UInt64(place))
            if next & 0x80 == 0 { return value }
        }
        throw .varintTooLong(at: start)
    }

    /// A count of things that take at least one byte each.
    @_lifetime(self: copy self)
    mutating func count() throws(RaftCodingError) -> Int {
        let start = offset
        let value = try varint()
        guard let count = Int(exactly: value), count <= left else {
            throw .implausible(value, at: start)
        }
        return count
    }

    @_lifetime(self: copy self)
    mutating func blob() throws(RaftCodingError) -> [UInt8] {
        let count = try count()
        let span = bytes.extracting(offset..<(offset + count))
        offset += count
        // Commands are most of what replicas say to each other: one copy each, not one a byte. The
        // pointer does not leave the closure.
        return unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// A byte that must be zero or one.
    @_lifetime(self: copy self)
    mutating func flag() throws(RaftCodingError) -> Bool {
        let start = offset
        let value = try byte()
        guard value <= 1 else { throw .unknownKind(value, at: start) }
        return value == 1
    }

    func finish() throws(RaftCodingError) {
        guard left == 0 else { throw .trailingBytes(left) }
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func appendBlob(_ blob: [UInt8]) {
        appendVarint(UInt64(blob.count))
        append(contentsOf: blob)
    }

    mutating func appendFlag(_ flag: Bool) { append(flag ? 1 : 0) }
}
