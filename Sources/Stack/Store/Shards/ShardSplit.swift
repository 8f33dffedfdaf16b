// Splitting a shard: an entry of its own log, as CockroachDB and TiKV do it.
//
// Every replica applies the entry at the same place. From there on the left half alone is the
// parent's: a command for the right half that comes later in the log is refused, certainly not
// executed, so no moment exists at which both, or none with an older state, could answer. The right half
// becomes a group of its own on the same hosts, whose state and log begin at that very place; indices
// go on from there, so versions of keys and sessions keep their meaning in both halves.
//
//     0xF0   expected version:varint   boundary:u64

import Raft
import Wire

/// The command that splits a shard.
struct ShardSplit: Hashable, Sendable {
    /// No tag of a client's command has this value.
    static let tag: UInt8 = 0xF0

    /// The version of the ownership that it is meant for: of two splits that meet, one is refused.
    let expectedVersion: UInt64
    /// The first coordinate of the right half.
    let boundary: UInt64

    init(expectedVersion: UInt64, boundary: UInt64) {
        self.expectedVersion = expectedVersion
        self.boundary = boundary
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(u8: Self.tag)
        writer.write(varint: expectedVersion)
        writer.write(u64: boundary)
        return writer.finish()
    }

    /// Nil for a command that is no split.
    init?(_ entry: LogEntry) {
        guard case .command(let bytes) = entry.payload, bytes.first == Self.tag else { return nil }
        var reader = ByteReader(bytes.span)
        guard (try? reader.readU8()) != nil, let version = try? reader.readVarint(),
            let boundary = try? reader.readU64(), (try? reader.expectEnd()) != nil
        else { return nil }
        self.init(expectedVersion: version, boundary: boundary)
    }
}

/// A split that was applied and whose right half has no group on this host yet.
struct PendingSplit: Hashable {
    /// The shard that the right half becomes.
    let child: UInt64
    let ownership: ShardOwnership

    init(child: UInt64, ownership: ShardOwnership) {
        self.child = child
        self.ownership = ownership
    }

    /// The number of the right half's shard: from where it comes, so that all replicas agree on it
    /// and no other split ever has the same. 63 bits, to fit into a reply.
    static func child(of parent: UInt64, at index: LogIndex) -> UInt64 {
        var writer = ByteWriter()
        writer.write(u64: parent)
        writer.write(u64: index.rawValue)
        return ShardKey.hash(writer.bytes.span) >> 1
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(u64: child)
        ownership.encode(into: &writer)
        return writer.finish()
    }

    init(decoding bytes: [UInt8]) throws(ByteReaderError) {
        var reader = ByteReader(bytes.span)
        child = try reader.readU64()
        ownership = try ShardOwnership(from: &reader)
        try reader.expectEnd()
    }
}
