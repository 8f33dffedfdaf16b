// A place in a message, stepping over the parts of DNS without trust. Numbers are big-endian.
//
// A name may end in a pointer to where the rest of it stood before (RFC 1035 section 4.1.4). Each
// pointer must lead to before the one that led here, so no chain of them is a loop; and a name may
// follow so many at most, so that a message full of pointers costs no more than its length is worth.

struct DNSCursor: ~Escapable {
    static let headBytes = 12
    /// One a label of the longest name.
    private static let pointersMax = 127

    private let bytes: Span<UInt8>
    /// 0 <= offset <= bytes.count
    private(set) var offset: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at offset: Int = 0) {
        precondition(offset <= bytes.count, "a cursor stands within its message")
        self.bytes = bytes
        self.offset = offset
    }

    var remaining: Int { bytes.count - offset }

    mutating func u8() throws(DNSError) -> UInt8 {
        guard remaining >= 1 else { throw DNSError(.truncated, at: offset) }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func u16() throws(DNSError) -> UInt16 {
        guard remaining >= 2 else { throw DNSError(.truncated, at: offset) }
        offset += 2
        return UInt16(bytes[offset - 2]) << 8 | UInt16(bytes[offset - 1])
    }

    mutating func u32() throws(DNSError) -> UInt32 {
        UInt32(try u16()) << 16 | UInt32(try u16())
    }

    mutating func u64() throws(DNSError) -> UInt64 {
        UInt64(try u32()) << 32 | UInt64(try u32())
    }

    @_lifetime(copy self)
    mutating func raw(_ count: Int) throws(DNSError) -> Span<UInt8> {
        guard count <= remaining else { throw DNSError(.truncated, at: offset) }
        offset += count
        return bytes.extracting(offset - count..<offset)
    }

    /// Back over the byte that was read last.
    mutating func stepBack() {
        precondition(offset > 0, "nothing lies before the start")
        offset -= 1
    }

    mutating func name() throws(DNSError) -> DNSName {
        var wire: [UInt8] = []
        var place = offset
        var end: Int?
        var earliest = offset
        var pointers = 0
        while true {
            if let target = try pointer(at: place) {
                pointers += 1
                guard target >= Self.headBytes, target < earliest, pointers <= Self.pointersMax
                else { throw DNSError(.malformedPointer, at: place) }
                end = end ?? place + 2
                (place, earliest) = (target, target)
                continue
            }
            let count = try label(at: place)
            guard wire.count + count <= DNSName.bytesMax else {
                throw DNSError(.nameTooLong, at: place)
            }
            wire.append(copying: bytes.extracting(place..<place + count))
            place += count
            if count == 1 { break }
        }
        offset = end ?? place
        return DNSName(checked: wire)
    }

    /// Steps over a name that must not be compressed, as the first one of a message cannot be.
    mutating func plainName() throws(DNSError) {
        let start = offset
        var place = offset
        while true {
            let count = try label(at: place)
            place += count
            guard place - start <= DNSName.bytesMax else {
                throw DNSError(.nameTooLong, at: place)
            }
            if count == 1 { break }
        }
        offset = place
    }

    /// Where the pointer under a place leads; nil when a label stands there.
    private func pointer(at place: Int) throws(DNSError) -> Int? {
        guard place < bytes.count else { throw DNSError(.truncated, at: place) }
        guard bytes[place] >= 0xC0 else { return nil }
        guard place + 1 < bytes.count else { throw DNSError(.truncated, at: place) }
        return Int(bytes[place] & 0x3F) << 8 | Int(bytes[place + 1])
    }

    /// Bytes of a label with its length; 1 for the root's.
    private func label(at place: Int) throws(DNSError) -> Int {
        guard place < bytes.count else { throw DNSError(.truncated, at: place) }
        guard bytes[place] <= UInt8(DNSName.labelBytesMax) else {
            throw DNSError(.malformedLabel(bytes[place]), at: place)
        }
        let count = Int(bytes[place]) + 1
        guard place + count <= bytes.count else { throw DNSError(.truncated, at: place) }
        return count
    }
}
