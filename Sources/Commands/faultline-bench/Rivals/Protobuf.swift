// As much of the protocol buffers encoding as a few small messages need. Its varints and its bytes with
// their length in front are those of Wire's own writer and reader.

import Wire

/// Fields written one after the other.
struct ProtobufMessage {
    private var writer = ByteWriter()

    var bytes: [UInt8] { writer.bytes }

    mutating func add(_ field: UInt64, _ value: [UInt8]) {
        writer.write(varint: field << 3 | 2)
        writer.write(bytes: value)
    }
}

/// The first occurrence of each field of a message; what is damaged is not there.
struct ProtobufFields {
    private var numbers: [UInt64: UInt64] = [:]
    private var blobs: [UInt64: [UInt8]] = [:]

    init(_ message: [UInt8]) {
        var reader = ByteReader(message.span)
        while let tag = try? reader.readVarint() {
            switch tag & 7 {
            case 0:
                guard let value = try? reader.readVarint() else { return }
                numbers[tag >> 3] = numbers[tag >> 3] ?? value
            case 2:
                guard let value = try? reader.readBytes() else { return }
                blobs[tag >> 3] = blobs[tag >> 3] ?? value
            default: return
            }
        }
    }

    func number(_ field: UInt64) -> UInt64? { numbers[field] }
    func bytes(_ field: UInt64) -> [UInt8]? { blobs[field] }
}
