// One record of a monolith's journal: changes that take effect together or not at all.
//
//     changes = { change } ;                    (to the end of the record)
//     change  = 1 key value | 0 key ;           (u8; key and value with their length in front)

import Wire

enum RowRecord {
    static let kind: UInt8 = 1

    static func encode(_ changes: [RowChange]) -> [UInt8] {
        var writer = ByteWriter()
        for change in changes {
            switch change {
            case .put(let key, let value):
                writer.write(u8: 1)
                writer.write(text: key)
                writer.write(bytes: value)
            case .remove(let key):
                writer.write(u8: 0)
                writer.write(text: key)
            }
        }
        return writer.finish()
    }

    static func decode(_ payload: Span<UInt8>) throws(ByteReaderError) -> [RowChange] {
        var reader = ByteReader(payload)
        var changes: [RowChange] = []
        while reader.remaining > 0 {
            let offset = reader.offset
            switch try reader.readU8() {
            case 1: changes.append(.put(key: try reader.readText(), value: try reader.readBytes()))
            case 0: changes.append(.remove(key: try reader.readText()))
            case let tag: throw ByteReaderError(reason: .unknownTag(tag), offset: offset)
            }
        }
        return changes
    }
}
