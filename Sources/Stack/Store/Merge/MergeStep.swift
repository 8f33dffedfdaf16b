// A merge: one shard, the left one by convention, takes in a neighbour, whichever nodes either is on.
// Every step is an entry of a Raft log:
//
//      begin    left: whom it takes in; the merge is named by the index of this entry
//      take     left: some rows of the right one; nobody sees them yet. All of them are copied while
//               the right one goes on, and then again those that it has changed meanwhile
//      fence    right: new transactions across shards are turned away, those that are there end
//      freeze   right: from here on nothing is carried out or read, so what it has is settled
//      take     left: what was changed since
//      ready    left: it has everything; from here on only the right one's word ends the merge
//      cede     right: it gives itself up, unless it has thawed: this decides
//      end      left: the range grows over both, or nothing comes of it, as the right one decided
//      thaw     right: nothing comes of it, and it goes on under a newer version
//
// So keys are away from the freeze to the end, for the few rows in between and three entries, and not
// while the shard is copied.
//
// Why no two shards ever own a key: the left one owns it only from `end` on, and ends so only on a
// `cede` in the right one's log, after which that one never thaws. Why nobody waits for ever: a right
// one whose coordinator has fallen silent, or whose left neighbour is away, thaws by itself, and a cede
// that comes later finds that. A left one that is not ready ends the merge by itself, since nobody asks
// for a cede before that; one that is ready asks, and whoever cannot be asked has no keys to offer.
// Between `ready` and the answer the left one serves its own keys all the same.
//
// Why no cede is asked for a merge that the left one has given up: `ready` stands behind the freeze and
// the last take in the left one's log, and is refused there once the merge is ended.
//
// Rows come through the log, so replicas of the left shard agree on them without any copy of files,
// and a crash of anybody at any moment leaves either the one answer or the other.
//
//      13 begin: version, right, ownership      14 take: begun, chunk
//      15 end: begun, right, 0 given up | 1 thawed | 2 sealed: version, index, absorbed
//      16 fence   17 lift: nothing              18 freeze: version, left, begun
//      19 thaw: left, begun                     20 ready: begun    21 cede: left, begun

import Wire

/// What the right shard was when it froze: with it a merge is sealed.
package struct MergeSeal: Hashable, Sendable {
    package let version: UInt64
    package let index: UInt64
    package let absorbed: [UInt64]
}

/// How the left shard ends a merge.
package enum MergeEnd: Hashable, Sendable {
    /// By itself: counts for nothing once it is ready.
    case givenUp
    /// By the right one's word that it has thawed.
    case thawed
    /// By the right one's word that it has ceded.
    case sealed(MergeSeal)
}

package enum MergeStep: Hashable, Sendable {
    /// The version is the left shard's; a shard that has changed since is not what was looked at.
    case begin(version: UInt64, right: UInt64, ownership: ShardOwnership)
    case take(begun: UInt64, MergeChunk)
    case end(begun: UInt64, right: UInt64, MergeEnd)
    case fence
    case lift
    case freeze(version: UInt64, left: UInt64, begun: UInt64)
    case thaw(left: UInt64, begun: UInt64)
    case ready(begun: UInt64)
    case cede(left: UInt64, begun: UInt64)

    var tag: UInt8 {
        switch self {
        case .begin: 13
        case .take: 14
        case .end: 15
        case .fence: 16
        case .lift: 17
        case .freeze: 18
        case .thaw: 19
        case .ready: 20
        case .cede: 21
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
        case .end(let begun, let right, let end):
            writer.write(varint: begun)
            writer.write(varint: right)
            end.encode(into: &writer)
        case .fence, .lift: break
        case .freeze(let version, let left, let begun):
            writer.write(varint: version)
            writer.write(varint: left)
            writer.write(varint: begun)
        case .thaw(let left, let begun), .cede(let left, let begun):
            writer.write(varint: left)
            writer.write(varint: begun)
        case .ready(let begun): writer.write(varint: begun)
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
                try MergeEnd(from: &reader))
        case 16: self = .fence
        case 17: self = .lift
        case 18:
            self = .freeze(
                version: try reader.readVarint(), left: try reader.readVarint(),
                begun: try reader.readVarint())
        case 19: self = .thaw(left: try reader.readVarint(), begun: try reader.readVarint())
        case 20: self = .ready(begun: try reader.readVarint())
        case 21: self = .cede(left: try reader.readVarint(), begun: try reader.readVarint())
        default: return nil
        }
    }
}

extension MergeEnd {
    fileprivate func encode(into writer: inout ByteWriter) {
        switch self {
        case .givenUp: writer.write(u8: 0)
        case .thawed: writer.write(u8: 1)
        case .sealed(let seal):
            writer.write(u8: 2)
            writer.write(varint: seal.version)
            writer.write(varint: seal.index)
            writer.write(shards: seal.absorbed)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteReaderError) {
        switch try reader.readU8() {
        case 0: self = .givenUp
        case 1: self = .thawed
        case 2:
            self = .sealed(
                MergeSeal(
                    version: try reader.readVarint(), index: try reader.readVarint(),
                    absorbed: try reader.readShards()))
        case let tag: throw ByteReaderError(reason: .unknownTag(tag), offset: 0)
        }
    }
}
