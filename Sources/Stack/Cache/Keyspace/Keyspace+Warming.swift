// Reading ahead. A lookup in a large keyspace waits for memory four times, each time for what the last wait has
// told it: bucket, links, entry, bytes. One key after another, that is most of what a command costs. Here the keys
// of a whole pipeline, or of one MGET, take each of these steps together: the processor has up to sixteen reads on
// their way at once, and the lookups that follow find everything in its cache (Chen, Ailamaki, Gibbons and Mowry,
// "Improving hash join performance through prefetching", ICDE 2004: group prefetching). Plain reads do it, as no
// language of ours has a prefetch.

extension Keyspace {
    /// Below this the keyspace lies in the processor's cache by itself.
    private static let countMin = 4096
    private static let groupSize = 16

    /// Reads what lookups of these keys will read.
    mutating func warm(_ bytes: Span<UInt8>, _ keys: Span<Range<Int>>) {
        guard keys.count > 1, slab.count >= Keyspace.countMin else { return }
        var start = 0
        while start < keys.count {
            let end = min(start + Keyspace.groupSize, keys.count)
            warmGroup(bytes, keys.extracting(start..<end))
            start = end
        }
    }

    private mutating func warmGroup(_ bytes: Span<UInt8>, _ keys: Span<Range<Int>>) {
        var heads = InlineArray<16, EntryIndex>(repeating: .none)
        for index in keys.indices {
            heads[index] = table.head(of: table.hash(of: bytes.extracting(keys[index])))
        }
        var read: UInt32 = 0
        for index in keys.indices where !heads[index].isNone {
            read &+= slab.links[heads[index].slot].hash
            read &+= UInt32(truncatingIfNeeded: slab.entries[heads[index].slot].byteCount)
        }
        warmth = read
    }
}
