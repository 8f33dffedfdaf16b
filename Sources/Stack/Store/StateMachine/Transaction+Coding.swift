// The bytes of a transaction inside a command:
//
//      count, then per condition   key, 1 version (varint) | 2 value (bytes) | 3 absent | 4 present
//      count, then per write       key, 1 set (bytes) | 2 delete | 3 add (zigzag)

import Wire

extension Transaction {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: conditions.count)
        for condition in conditions { condition.encode(into: &writer) }
        writer.write(count: writes.count)
        for write in writes { write.encode(into: &writer) }
    }

    init(decoding reader: inout ByteReader) throws(StoreCommandError) {
        var conditions: [Condition] = []
        var writes: [Write] = []
        do throws(ByteReaderError) {
            for _ in 0..<(try reader.readCount(elementBytesMin: 2)) {
                conditions.append(try Condition(decoding: &reader))
            }
            for _ in 0..<(try reader.readCount(elementBytesMin: 2)) {
                writes.append(try Write(decoding: &reader))
            }
        } catch {
            throw .malformed(error)
        }
        try self.init(conditions: conditions, writes: writes)
    }
}

extension Condition {
    private enum Tag {
        static let version: UInt8 = 1
        static let value: UInt8 = 2
        static let absent: UInt8 = 3
        static let present: UInt8 = 4
    }

    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(bytes: key)
        switch test {
        case .version(let version):
            writer.write(u8: Tag.version)
            writer.write(varint: version)
        case .value(let value):
            writer.write(u8: Tag.value)
            writer.write(bytes: value)
        case .absent: writer.write(u8: Tag.absent)
        case .present: writer.write(u8: Tag.present)
        }
    }

    fileprivate init(decoding reader: inout ByteReader) throws(ByteReaderError) {
        let key = try reader.readBytes()
        let tag = try reader.readU8()
        switch tag {
        case Tag.version: self.init(key: key, .version(try reader.readVarint()))
        case Tag.value: self.init(key: key, .value(try reader.readBytes()))
        case Tag.absent: self.init(key: key, .absent)
        case Tag.present: self.init(key: key, .present)
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: reader.offset - 1)
        }
    }
}

extension Write {
    private enum Tag {
        static let set: UInt8 = 1
        static let delete: UInt8 = 2
        static let add: UInt8 = 3
    }

    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(bytes: key)
        switch change {
        case .set(let value):
            writer.write(u8: Tag.set)
            writer.write(bytes: value)
        case .delete: writer.write(u8: Tag.delete)
        case .add(let amount):
            writer.write(u8: Tag.add)
            writer.write(signed: amount)
        }
    }

    fileprivate init(decoding reader: inout ByteReader) throws(ByteReaderError) {
        let key = try reader.readBytes()
        let tag = try reader.readU8()
        switch tag {
        case Tag.set: self.init(key: key, .set(try reader.readBytes()))
        case Tag.delete: self.init(key: key, .delete)
        case Tag.add: self.init(key: key, .add(try reader.readSigned()))
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: reader.offset - 1)
        }
    }
}
