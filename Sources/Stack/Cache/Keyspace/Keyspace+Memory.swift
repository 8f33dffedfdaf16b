// The memory limit: charging entries and evicting the least recently used, as Redis' allkeys-lru does. Unlike
// Redis, which evicts before the next command and so overshoots by one, room is made before it is used.

extension Keyspace {
    /// Sets the limit and evicts down to it at once; 0 lifts it.
    package mutating func setMemoryLimit(_ limit: Int) {
        precondition(limit >= 0, "a memory limit is not negative")
        memoryLimit = limit
        evictDown(growing: 0)
    }

    /// False for an entry that would not fit into an empty cache.
    func canHold(keyCount: Int, valueCount: Int) -> Bool {
        canHold(cost: Entry.cost(keyCount: keyCount, valueCount: valueCount))
    }

    private func canHold(cost: Int) -> Bool { memoryLimit == 0 || cost <= memoryLimit }

    /// Charges an entry of this cost, after evicting what stands in its way.
    mutating func makeRoom(
        forOne cost: Int, replacing index: EntryIndex?
    ) throws(WriteRefusal) {
        guard canHold(cost: cost) else { throw .outOfMemory }
        var growth = cost
        if let index {
            growth -= slab.entries[index.slot].cost
            // Newest first, so that the eviction that makes room for it cannot pick it.
            recency.touch(index, in: &slab)
        }
        evictDown(growing: growth)
        usedMemory += growth
        usedMemoryPeak = max(usedMemoryPeak, usedMemory)
    }

    private mutating func evictDown(growing growth: Int) {
        guard memoryLimit > 0 else { return }
        while usedMemory + growth > memoryLimit {
            precondition(!recency.oldest.isNone, "memory is in use but no entry holds it")
            drop(recency.oldest)
            statistics.evicted += 1
        }
    }

    /// Takes an entry out of every structure; the caller counts why.
    mutating func drop(_ index: EntryIndex) {
        usedMemory -= slab.entries[index.slot].cost
        table.remove(index, in: &slab)
        recency.remove(index, in: &slab)
        deadlines.remove(index, in: &slab)
        slab.remove(index)
    }
}
