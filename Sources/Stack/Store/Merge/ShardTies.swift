// What binds a shard to others besides its range: a merge that it is in the middle of, shards that it
// has taken in, and the fence that a split or a merge puts up against new transactions. Part of the
// replicated state, so that every replica is bound at the same entry.
//
//     offset:varint  fence:flag
//     flag [begun:varint right:varint ownership ready:flag]        absorbing
//     flag [left:varint begun:varint index:varint ceded:flag]      frozen
//     count:varint  shard:varint ...                    absorbed

import Wire

package struct ShardTies: Hashable, Sendable {
    /// At the shard that grows: whom it takes in.
    package struct Absorbing: Hashable, Sendable {
        /// The index of the entry that began it: the merge's name.
        package let begun: UInt64
        package let right: UInt64
        package let ownership: ShardOwnership
        /// It has everything, and does as the right one has decided.
        package var isReady = false
    }

    /// At the shard that goes: it carries nothing out any more, until the merge has ended.
    package struct Frozen: Hashable, Sendable {
        package let left: UInt64
        package let begun: UInt64
        /// As versions of keys count: no key here has a later one.
        package let index: UInt64
        /// It will never go on: the other one has what was its.
        package var isCeded = false
    }

    /// What is added to an entry's index to give the version of what it writes: a shard that has taken
    /// in another one must not give out versions that its new keys have had already.
    package var offset: UInt64 = 0
    /// New transactions across shards are turned away.
    package var isFenced = false
    package var absorbing: Absorbing?
    package var frozen: Frozen?
    /// Shards that are part of this one now, those that were part of them included.
    package var absorbed: [UInt64] = []

    /// Merges that one shard can have behind it; news of a shard carries them all.
    static let absorbedMax = 1024

    package init() {}

    /// Whether it can be split, or begin a merge.
    var isFree: Bool { absorbing == nil && frozen == nil }

    // MARK: Coding

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(varint: offset)
        writer.write(bool: isFenced)
        writer.write(bool: absorbing != nil)
        if let absorbing {
            writer.write(varint: absorbing.begun)
            writer.write(varint: absorbing.right)
            absorbing.ownership.encode(into: &writer)
            writer.write(bool: absorbing.isReady)
        }
        writer.write(bool: frozen != nil)
        if let frozen {
            writer.write(varint: frozen.left)
            writer.write(varint: frozen.begun)
            writer.write(varint: frozen.index)
            writer.write(bool: frozen.isCeded)
        }
        writer.write(shards: absorbed)
        return writer.finish()
    }

    init(decoding bytes: [UInt8]) throws(ByteReaderError) {
        var reader = ByteReader(bytes.span)
        offset = try reader.readVarint()
        isFenced = try reader.readBool()
        if try reader.readBool() {
            absorbing = Absorbing(
                begun: try reader.readVarint(), right: try reader.readVarint(),
                ownership: try ShardOwnership(from: &reader), isReady: try reader.readBool())
        }
        if try reader.readBool() {
            frozen = Frozen(
                left: try reader.readVarint(), begun: try reader.readVarint(),
                index: try reader.readVarint(), isCeded: try reader.readBool())
        }
        absorbed = try reader.readShards()
        try reader.expectEnd()
    }
}

extension ByteWriter {
    mutating func write(shards: [UInt64]) {
        write(count: shards.count)
        for shard in shards { write(varint: shard) }
    }
}

extension ByteReader {
    mutating func readShards() throws(ByteReaderError) -> [UInt64] {
        var shards: [UInt64] = []
        for _ in 0..<(try readCount()) { shards.append(try readVarint()) }
        return shards
    }
}
