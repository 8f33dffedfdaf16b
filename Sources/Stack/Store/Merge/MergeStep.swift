// A merge: one shard, the left one by convention, takes in a neighbour, whichever nodes either is on.
// Every step is an entry of a Raft log, and the left one's log decides, as a transaction's home does:
//
//      begin    left: whom it takes in; the merge is named by the index of this entry
//      fence    right: new transactions across shards are turned away, those that are there end
//      freeze   right: from here on nothing is carried out or read, so what it has is settled
//      take     left: some rows of the right one; nobody sees them yet
//      end      left: the range grows over both, or nothing comes of it, whichever is in the log first
//      thaw     right: nothing came of it, and it goes on under a newer version
//
// Why no two shards ever own a key: the left one owns it only from `end` on, which comes after the
// freeze; the right one thaws only once the left one's log says that nothing comes of this merge,
// which no later entry can take back. While the left one cannot be asked, the right one stays frozen.
//
// Rows come through the log, so replicas of the left shard agree on them without any copy of files,
// and a crash of anybody at any moment leaves either the one answer or the other.
//
//      13 begin: version, right, ownership      14 take: begun, chunk       15 end: begun, right,
//      flag [version, index, absorbed]          16 fence   17 lift: nothing
//      18 freeze: version, left, begun          19 thaw: left, begun

import Wire

/// What the right shard was when it froze: with it a merge is sealed.
package struct MergeSeal: Hashable, Sendable {
    package let version: UInt64
    package let index: UInt64
    package let absorbed: [UInt64]
}

package enum MergeStep: Hashable, Sendable {
    /// The version is the left shard's; a shard that has changed since is not what was looked at.
    case begin(version: UInt64, right: UInt64, ownership: ShardOwnership)
    case take(begun: UInt64, MergeChunk)
    /// Without a seal nothing comes of the merge.
    case end(begun: UInt64, right: UInt64, MergeSeal?)
    case fence
    case lift
    case freeze(version: UInt64, left: UInt64, begun: UInt64)
    case thaw(left: UInt64, begun: UInt64)

    var tag: UInt8 {
        switch self {
        case .begin: 13
        case .take: 14
        case .end: 15
        case .fence: 16
        case .lift: 17
        case .freeze: 18
        case .thaw: 19
        }
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .begin(let version, let right, let ownership):
            writer.write(varint: version)
            writer.write(varint: right)
            ownership.encode(into: &writer)
        case .take(let begun, let chunk):
            writer.write(varint: begun)
            chunk.encode(into: &writer)
        case .end(let begun, let right, let seal):
            writer.write(varint: begun)
            writer.write(varint: right)
            writer.write(bool: seal != nil)
            guard let seal else { return }
            writer.write(varint: seal.version)
            writer.write(varint: seal.index)
            writer.write(shards: seal.absorbed)
        case .fence, .lift: break
        case .freeze(let version, let left, let begun):
            writer.write(varint: version)
            writer.write(varint: left)
            writer.write(varint: begun)
        case .thaw(let left, let begun):
            writer.write(varint: left)
            writer.write(varint: begun)
        }
    }

    /// Nil for a tag that is none of these.
    init?(tag: UInt8, decoding reader: inout ByteReader) throws(ByteReaderError) {
        switch tag {
        case 13:
            self = .begin(
                version: try reader.readVarint(), right: try reader.readVarint(),
                ownership: try ShardOwnership(from: &reader))
        case 14:
            self = .take(begun: try reader.readVarint(), try MergeChunk(decoding: &reader))
        case 15:
            self = .end(
                begun: try reader.readVarint(), right: try reader.readVarint(),
                try reader.readBool() ? try Self.readSeal(&reader) : nil)
        case 16: self = .fence
        case 17: self = .lift
        case 18:
            self = .freeze(
                version: try reader.readVarint(), left: try reader.readVarint(),
                begun: try reader.readVarint())
        case 19: self = .thaw(left: try reader.readVarint(), begun: try reader.readVarint())
        default: return nil
        }
    }

    private static func readSeal(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> MergeSeal {
        MergeSeal(
            version: try reader.readVarint(), index: try reader.readVarint(),
            absorbed: try reader.readShards())
    }
}
