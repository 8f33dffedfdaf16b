// Reading what the kernel answers: a datagram of messages, each a header and attributes. Lengths
// come from outside and are checked; what does not fit ends the walk.

/// One message of a datagram that the kernel sent.
package struct NetlinkReply: Equatable, Sendable {
    package let type: UInt16
    package let sequence: UInt32
    package let body: [UInt8]

    static let error: UInt16 = 2
    static let done: UInt16 = 3

    /// All messages of a datagram, in order.
    package static func parse(_ datagram: Span<UInt8>) -> [NetlinkReply] {
        var replies: [NetlinkReply] = []
        var offset = 0
        while offset + 16 <= datagram.count {
            let length = Int(read(datagram, at: offset) as UInt32)
            guard length >= 16, offset + length <= datagram.count else { break }
            let body = (offset + 16..<offset + length).map { datagram[$0] }
            replies.append(
                NetlinkReply(
                    type: read(datagram, at: offset + 4), sequence: read(datagram, at: offset + 8),
                    body: body))
            offset += (length + 3) & ~3
        }
        return replies
    }

    /// The attributes after a fixed header; a later one of the same type wins.
    package func attributes(after header: Int) -> [UInt16: [UInt8]] {
        Self.attributes(in: body.span, from: header)
    }

    static func attributes(in body: Span<UInt8>, from start: Int) -> [UInt16: [UInt8]] {
        var found: [UInt16: [UInt8]] = [:]
        var offset = start
        while offset + 4 <= body.count {
            let length = Int(read(body, at: offset) as UInt16)
            guard length >= 4, offset + length <= body.count else { break }
            // The upper two bits say "nested" and "network order"; see NLA_TYPE_MASK.
            let type = (read(body, at: offset + 2) as UInt16) & 0x3FFF
            found[type] = (offset + 4..<offset + length).map { body[$0] }
            offset += (length + 3) & ~3
        }
        return found
    }

    /// Of an error message: the error number, 0 for an acknowledgement.
    var errorNumber: Int32 {
        body.count < 4 ? 0 : -Int32(bitPattern: Self.read(body.span, at: 0))
    }

    /// Of an error message under NETLINK_CAP_ACK: what the kernel says in words.
    var explanation: String? {
        let headerOfRequest = 4 + 16
        guard let text = attributes(after: headerOfRequest)[1] else { return nil }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }

    static func read<Value: FixedWidthInteger>(_ bytes: Span<UInt8>, at offset: Int) -> Value {
        var value: Value = 0
        for index in 0..<MemoryLayout<Value>.size {
            value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(8 * index)
        }
        return Value(littleEndian: value)
    }
}

extension [UInt8] {
    /// An attribute's value as a 32-bit number in host order.
    var netlinkNumber: UInt32? {
        count == 4 ? NetlinkReply.read(span, at: 0) as UInt32 : nil
    }

    var netlinkAddress: IPv4Address? {
        count == 4 ? IPv4Address(self[0], self[1], self[2], self[3]) : nil
    }

    var netlinkText: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
