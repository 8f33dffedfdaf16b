// The bytes of a command in a log entry. Decoding takes nothing on trust: whatever comes back has
// been through the same limits as a command that was built.

import Wire

extension StoreCommand {
    private enum Tag {
        static let set: UInt8 = 1
        static let increment: UInt8 = 2
        static let once: UInt8 = 3
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        switch action {
        case .set(let key, let value):
            write(Tag.set, to: &writer)
            writer.write(bytes: key)
            writer.write(bytes: value)
        case .increment(let key, let amount):
            write(Tag.increment, to: &writer)
            writer.write(bytes: key)
            writer.write(signed: amount)
        case .once(let token, let key, let value):
            write(Tag.once, to: &writer)
            writer.write(bytes: token)
            writer.write(bytes: key)
            writer.write(bytes: value)
        }
        return writer.finish()
    }

    package init(decoding bytes: Span<UInt8>) throws(StoreCommandError) {
        let request: RequestID
        let action: Action
        do throws(ByteReaderError) {
            var reader = ByteReader(bytes)
            let tag = try reader.readU8()
            request = RequestID(
                client: try reader.readBytes(), sequence: try reader.readVarint())
            action = try Self.readAction(tag, &reader)
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        try self.init(request: request, action: action)
    }

    private func write(_ tag: UInt8, to writer: inout ByteWriter) {
        writer.write(u8: tag)
        writer.write(bytes: request.client)
        writer.write(varint: request.sequence)
    }

    private static func readAction(
        _ tag: UInt8, _ reader: inout ByteReader
    ) throws(ByteReaderError) -> Action {
        switch tag {
        case Tag.set: .set(key: try reader.readBytes(), value: try reader.readBytes())
        case Tag.increment:
            .increment(key: try reader.readBytes(), by: try reader.readSigned())
        case Tag.once:
            .once(
                token: try reader.readBytes(), key: try reader.readBytes(),
                value: try reader.readBytes())
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
    }
}
