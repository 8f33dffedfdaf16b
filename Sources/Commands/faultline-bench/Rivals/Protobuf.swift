// As much of the protocol buffers encoding as a few small messages need: varints and bytes.

/// Fields written one after the other.
struct ProtobufMessage {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, _ value: [UInt8]) {
        append(field << 3 | 2)
        append(UInt64(value.count))
        bytes += value
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// The first occurrence of each field of a message; what is damaged is not there.
struct ProtobufFields {
    private var numbers: [UInt64: UInt64] = [:]
    private var blobs: [UInt64: [UInt8]] = [:]

    init(_ message: [UInt8]) {
        var rest = message[...]
        while let tag = Self.varint(&rest) {
            guard let value = Self.varint(&rest) else { return }
            switch tag & 7 {
            case 0: numbers[tag >> 3] = numbers[tag >> 3] ?? value
            case 2:
                guard value <= UInt64(rest.count) else { return }
                if blobs[tag >> 3] == nil { blobs[tag >> 3] = Array(rest.prefix(Int(value))) }
                rest = rest.dropFirst(Int(value))
            default: return
            }
        }
    }

    func number(_ field: UInt64) -> UInt64? { numbers[field] }
    func bytes(_ field: UInt64) -> [UInt8]? { blobs[field] }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst(), shift < 64 {
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
