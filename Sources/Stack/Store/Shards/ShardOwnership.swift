// Which keys a shard has: a range of coordinates, and a version that grows with every change of it,
// or of the members that have it.
//
// How keys become places on a line, and what a range of that line is, clients have to know as well:
// ShardRule.swift in Wire.
//
// Ownership is part of a shard's replicated state. It decides, in the order of the log, whether a
// command may be executed here; what routing tables say elsewhere is no more than a hint.
//
//     rule:u8  shards:varint   lower:u64  flag [upper:u64]  version:varint

package import Wire

package struct ShardOwnership: Hashable, Sendable {
    package var rule: ShardRule
    package var range: ShardRange
    /// Grows with each change of the range or of the members, so that whoever routes by it can tell
    /// older from newer; both halves of a split have the next one.
    package var version: UInt64

    package init(rule: ShardRule, range: ShardRange, version: UInt64 = 1) {
        self.rule = rule
        self.range = range
        self.version = version
    }

    /// Everything, for a store of one shard.
    package static let everything = ShardOwnership(rule: .hash(shards: 1), range: .whole)

    package func owns(_ key: [UInt8]) -> Bool { range.contains(rule.coordinate(of: key.span)) }

    /// The two halves, of the next version.
    package func split(at boundary: UInt64) -> (left: ShardOwnership, right: ShardOwnership) {
        precondition(range.canSplit(at: boundary), "both halves have something")
        var left = self
        var right = self
        left.range.upper = boundary
        right.range.lower = boundary
        left.version += 1
        right.version += 1
        return (left, right)
    }
}

// MARK: - Coding

extension ShardOwnership {
    package func encode(into writer: inout ByteWriter) {
        switch rule {
        case .hash(let shards):
            writer.write(u8: 1)
            writer.write(varint: shards)
        case .user:
            writer.write(u8: 2)
            writer.write(varint: 0)
        }
        writer.write(u64: range.lower)
        writer.write(bool: range.upper != nil)
        if let upper = range.upper { writer.write(u64: upper) }
        writer.write(varint: version)
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.finish()
    }

    package init(from reader: inout ByteReader) throws(ByteReaderError) {
        let tag = try reader.readU8()
        let shards = try reader.readVarint()
        switch tag {
        case 1 where shards > 0: rule = .hash(shards: shards)
        case 2: rule = .user
        default: throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
        let lower = try reader.readU64()
        let upper = try reader.readBool() ? try reader.readU64() : nil
        guard upper.map({ lower < $0 }) ?? true else {
            throw ByteReaderError(reason: .impossibleCount, offset: reader.offset)
        }
        range = ShardRange(lower: lower, upper: upper)
        version = try reader.readVarint()
    }

    package init(decoding bytes: [UInt8]) throws(ByteReaderError) {
        var reader = ByteReader(bytes.span)
        self = try ShardOwnership(from: &reader)
        try reader.expectEnd()
    }
}
