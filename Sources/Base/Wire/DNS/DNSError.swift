// Why bytes are no DNS message. A server answers most of these with FORMERR and never with more, so
// the reason is for logs and tests.

package struct DNSError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        case truncated
        /// The first byte of a label that is neither a length nor a pointer (RFC 1035 section 4.1.4).
        case malformedLabel(UInt8)
        /// More than 255 bytes (RFC 1035 section 2.3.4).
        case nameTooLong
        /// A pointer that leads forward, to itself or into the head, or one of too many in a row.
        case malformedPointer
        /// Data that is shorter or longer than its type wants.
        case malformedData
        case malformedOption
        /// More than one OPT record (RFC 6891 section 6.1.1).
        case repeatedOPT
        /// A query with other than one question (RFC 9619), or with answers.
        case malformedQuery
        case trailingBytes
    }

    package let reason: Reason
    /// Bytes from the start of the message.
    package let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "\(reason) at byte \(offset)" }
}
