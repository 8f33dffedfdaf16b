// The memory limit: charging entries, and evicting by the policy what stands in the way. Unlike Redis, which
// evicts before the next command and so overshoots by one, room is made before it is used.

extension Keyspace {
    /// Sets the limit and evicts down to it at once; 0 lifts it.
    package mutating func setMemoryLimit(_ limit: Int, at now: CacheTime) {
        precondition(limit >= 0, "a memory limit is not negative")
        memoryLimit = limit
        _ = evictDown(growing: 0, sparing: .none, at: now)
    }

    /// False for a string that would not fit into an empty cache.
    func canHold(keyCount: Int, valueCount: Int) -> Bool {
        canHold(cost: Entry.cost(keyCount: keyCount, valueCount: valueCount))
    }

    func canHold(cost: Int) -> Bool { memoryLimit == 0 || cost <= memoryLimit }

    /// Makes room for an entry of this cost, and charges it in the place of what it replaces.
    mutating func makeRoom(
        forOne cost: Int, replacing index: EntryIndex?, at now: CacheTime
    ) throws(WriteRefusal) {
        let old = index.map { slab.entries[$0.slot].cost } ?? 0
        try makeRoom(growing: cost - old, of: index ?? .none, holding: cost, at: now)
        if let index { recency.touch(index, in: &slab) }
        usedMemory += cost - old
        usedMemoryPeak = max(usedMemoryPeak, usedMemory)
    }

    /// Evicts until there is room to grow; nothing is charged yet.
    ///
    /// `index` is the entry that grows, which is never the one to go, and `cost` its whole cost then.
    mutating func makeRoom(
        growing growth: Int, of index: EntryIndex, holding cost: Int, at now: CacheTime
    ) throws(WriteRefusal) {
        guard memoryLimit > 0, growth > 0 else { return }
        guard canHold(cost: cost), evictDown(growing: growth, sparing: index, at: now) else {
            statistics.refused += 1
            throw .outOfMemory
        }
    }

    /// False when the policy has nothing more to give.
    private mutating func evictDown(
        growing growth: Int, sparing index: EntryIndex, at now: CacheTime
    ) -> Bool {
        guard memoryLimit > 0 else { return true }
        while usedMemory + growth > memoryLimit {
            guard let victim = victim(at: now, sparing: index) else { return false }
            depart(victim)
            statistics.evicted += 1
        }
        return true
    }

    /// Drops an entry that nobody asked to be dropped.
    mutating func depart(_ index: EntryIndex) {
        departures?.append([UInt8](slab.entries[index.slot].key))
        drop(index)
    }

    /// Takes an entry out of every structure; the caller counts why.
    mutating func drop(_ index: EntryIndex) {
        noteChange(of: index)
        usedMemory -= slab.entries[index.slot].cost
        table.remove(index, in: &slab)
        recency.remove(index, in: &slab)
        deadlines.remove(index, in: &slab)
        slab.remove(index)
    }

    /// Called upon every change of a key, before or after it.
    mutating func noteChange(of index: EntryIndex) {
        changeCount &+= 1
        if watches.isEmpty, leases.isEmpty { return }
        let key = slab.entries[index.slot].key
        watches.note(key)
        leases.void(key)
    }
}
