// The cache's contents: strings by key, with expiry, an exact least-recently-used order and a memory limit.
// It is a plain value with no descriptor, clock or randomness: the time comes in with each call, so that
// every rule of expiry and eviction is tested against a naive model under seeds.

package struct Keyspace: Sendable {
    var slab = EntrySlab()
    var table: KeyTable
    var recency = RecencyList()
    var deadlines = DeadlineHeap()
    let hashSeed: UInt64

    /// Most bytes that entries may be charged with (`Entry.cost`); 0 means no limit, as in Redis.
    package internal(set) var memoryLimit: Int
    /// 0 <= usedMemory <= memoryLimit whenever there is a limit.
    package internal(set) var usedMemory = 0
    package internal(set) var usedMemoryPeak = 0
    package internal(set) var statistics = KeyspaceStatistics()

    package init(memoryLimit: Int, hashSeed: UInt64 = 0) {
        precondition(memoryLimit >= 0, "a memory limit is not negative")
        self.memoryLimit = memoryLimit
        self.hashSeed = hashSeed
        table = KeyTable(seed: hashSeed)
    }

    package var count: Int { slab.count }
    package var expiringCount: Int { deadlines.count }
}

// MARK: - Reading

/// What a lookup does besides looking: the same three kinds that Redis tells apart.
package enum LookupPurpose: Sendable {
    /// Counts as a hit or a miss and makes the key the most recently used.
    case read
    /// Counts, but leaves the order alone: EXISTS, TTL, TYPE.
    case peek
    /// Makes the key the most recently used, counts nothing: the look before a write.
    case write
}

extension Keyspace {
    /// Finds a live entry; one past its deadline is removed on the way, which is the lazy half of expiry.
    package mutating func find(
        _ key: Span<UInt8>, at now: CacheTime, for purpose: LookupPurpose
    ) -> EntryIndex? {
        guard let index = locate(key, hash: table.hash(of: key), at: now) else {
            if purpose != .write { statistics.misses += 1 }
            return nil
        }
        if purpose != .write { statistics.hits += 1 }
        if purpose != .peek { recency.touch(index, in: &slab) }
        return index
    }

    package func value(of index: EntryIndex) -> ArraySlice<UInt8> { slab.entries[index.slot].value }

    package func valueCount(of index: EntryIndex) -> Int { slab.entries[index.slot].valueCount }

    /// `nil` for an entry that never expires.
    package func deadline(of index: EntryIndex) -> CacheTime? {
        let entry = slab.entries[index.slot]
        return entry.expires ? entry.deadline : nil
    }

    /// The order in which eviction would take the keys; for tests and for debugging, O(n).
    package func keysOldestFirst() -> [[UInt8]] {
        var keys: [[UInt8]] = []
        var index = recency.oldest
        while !index.isNone {
            keys.append([UInt8](slab.entries[index.slot].key))
            index = slab.entries[index.slot].newer
        }
        return keys
    }

    mutating func locate(
        _ key: Span<UInt8>, hash: UInt32, at now: CacheTime
    ) -> EntryIndex? {
        guard let index = table.find(key, hash: hash, in: slab) else { return nil }
        guard !isDue(index, at: now) else {
            drop(index)
            statistics.expired += 1
            return nil
        }
        return index
    }

    func isDue(_ index: EntryIndex, at now: CacheTime) -> Bool {
        slab.entries[index.slot].expires && slab.entries[index.slot].deadline <= now
    }
}

/// Counts since the start or the last CONFIG RESETSTAT.
package struct KeyspaceStatistics: Equatable, Sendable {
    package var hits = 0
    package var misses = 0
    package var expired = 0
    package var evicted = 0
    /// FLUSHALL and FLUSHDB calls, and the entries that they dropped: a flush must be seen in the metrics.
    package var flushes = 0
    package var flushed = 0
}
