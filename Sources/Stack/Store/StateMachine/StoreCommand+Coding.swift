// The bytes of a command.

import Wire

extension StoreCommand {
    var encoded: [UInt8] {
        var writer = ByteWriter()
        switch action {
        case .set: writer.write(u8: 1)
        case .increment: writer.write(u8: 2)
        case .once: writer.write(u8: 3)
        }
        writer.write(bytes: request.client)
        writer.write(varint: request.sequence)
        switch action {
        case .set(let key, let value):
            writer.write(bytes: key)
            writer.write(bytes: value)
        case .increment(let key, let step):
            writer.write(bytes: key)
            writer.write(signed: step)
        case .once(let token, let key, let value):
            writer.write(bytes: token)
            writer.write(bytes: key)
            writer.write(bytes: value)
        }
        return writer.finish()
    }

    init(decoding bytes: Span<UInt8>) throws {
        var reader = ByteReader(bytes)
        let tag = try reader.readU8()
        let request = RequestID(
            client: try reader.readBytes(), sequence: try reader.readVarint())
        let key = try reader.readBytes()
        let action: Action
        switch tag {
        case 1: action = .set(key: key, value: try reader.readBytes())
        case 2: action = .increment(key: key, by: try reader.readSigned())
        case 3:
            action = .once(token: key, key: try reader.readBytes(), value: try reader.readBytes())
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
        try reader.expectEnd()
        try self.init(request: request, action: action)
    }
}
