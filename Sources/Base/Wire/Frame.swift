// One message between replicas on a stream. Numbers are little-endian.
//
//     +----------------+----------------+---------+------------------------+
//     | u32 length     | u32 crc32c     | u8 kind | payload                |
//     +----------------+----------------+---------+------------------------+
//                                       |<- length bytes, under checksum ->|
//
// TCP's own checksum is 16 bits and misses what a faulty link, real or injected, gets past it. A
// frame that fails its checksum ends the connection: nothing after it can be trusted.

package struct Frame: Hashable, Sendable {
    /// What the payload is; the protocol on the link gives numbers to its messages.
    package var kind: UInt8
    package var payload: [UInt8]

    /// Bytes before the kind.
    package static let headerBytes = 8
    /// Payload bytes that a peer may send unless the caller says otherwise.
    package static let payloadBytesMax = 64 * 1024 * 1024

    package init(kind: UInt8, payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }
}

package struct FrameError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// A length of zero, without even a kind: a zeroed or foreign stream.
        case empty
        case tooLong(payloadBytesMax: Int)
        case checksumMismatch
    }

    package let reason: Reason
}

package extension Frame {
    /// Reads one frame from the front; nil when its last byte has not arrived.
    static func parse(
        _ bytes: Span<UInt8>, payloadBytesMax: Int = Frame.payloadBytesMax
    ) throws(FrameError) -> (frame: Frame, consumed: Int)? {
        guard let length = littleEndian(bytes, at: 0) else { return nil }
        guard length > 0 else { throw FrameError(reason: .empty) }
        guard Int(length) - 1 <= payloadBytesMax else {
            throw FrameError(reason: .tooLong(payloadBytesMax: payloadBytesMax))
        }
        let end = headerBytes + Int(length)
        guard let checksum = littleEndian(bytes, at: 4), end <= bytes.count else { return nil }
        let content = bytes.extracting(headerBytes..<end)
        guard CRC32C.checksum(content) == checksum else {
            throw FrameError(reason: .checksumMismatch)
        }
        let payload = [UInt8](copying: content.extracting(1...))
        return (Frame(kind: content[0], payload: payload), end)
    }

    func encode(into bytes: inout [UInt8]) {
        Frame.encode(kind: kind, into: &bytes) { $0.write(raw: payload.span) }
    }

    /// Appends a frame whose payload the closure writes in place, and seals it.
    static func encode(
        kind: UInt8, into bytes: inout [UInt8], payload: (inout ByteWriter) -> Void
    ) {
        let start = bytes.count
        // The writer takes the array over, so that appending does not copy it.
        var writer = ByteWriter(appendingTo: Swift.exchange(&bytes, with: []))
        writer.write(u64: 0)
        writer.write(u8: kind)
        payload(&writer)
        let length = writer.count - start - headerBytes
        precondition(length - 1 <= payloadBytesMax, "a frame has a limit; split what exceeds it")
        let checksum = CRC32C.checksum(writer.bytes.span.extracting((start + headerBytes)...))
        writer.patch(u32: UInt32(length), at: start)
        writer.patch(u32: checksum, at: start + 4)
        bytes = writer.finish()
    }

    private static func littleEndian(_ bytes: Span<UInt8>, at offset: Int) -> UInt32? {
        guard offset + 4 <= bytes.count else { return nil }
        return (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
}
