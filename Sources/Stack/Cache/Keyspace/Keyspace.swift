// The cache's contents: values by key, with expiry, an exact least-recently-used order and a memory limit.
// It has no descriptor and no clock: the time comes in with each call, so that every rule of expiry and
// eviction is tested against a naive model under seeds. There is one a process; a copy would share its
// collections.

package import Blueprint

package struct Keyspace {
    var slab = EntrySlab()
    var table: KeyTable
    var recency = RecencyList()
    var deadlines = DeadlineHeap()
    let hashSeed: UInt64
    /// What `warm` has read; of no meaning, but it must have been read.
    var warmth: UInt32 = 0

    /// Most bytes that entries may be charged with (`Entry.cost`); 0 means no limit, as in Redis.
    package internal(set) var memoryLimit: Int
    package var policy: EvictionPolicy
    var frequencyTuning = FrequencyTuning()
    /// Keys that a policy that samples looks at: `maxmemory-samples`.
    var sampleCount = 5
    var random: EvictionRandom
    /// 0 <= usedMemory <= memoryLimit whenever there is a limit and a policy that makes room.
    package internal(set) var usedMemory = 0
    package internal(set) var usedMemoryPeak = 0
    package internal(set) var statistics = KeyspaceStatistics()

    /// Raised by every change of a key: what tells a write that changed nothing from one that did.
    package internal(set) var changeCount: UInt64 = 0
    package internal(set) var leases: LeaseTable
    var watches = WatchTable()
    /// Keys that went by themselves, evicted or expired, for the followers to drop too.
    var departures: [[UInt8]]?

    package init(
        memoryLimit: Int, policy: EvictionPolicy = .allkeysLRU, hashSeed: UInt64 = 0
    ) {
        precondition(memoryLimit >= 0, "a memory limit is not negative")
        self.memoryLimit = memoryLimit
        self.policy = policy
        self.hashSeed = hashSeed
        table = KeyTable(seed: hashSeed)
        random = EvictionRandom(seed: hashSeed)
        leases = LeaseTable(firstToken: hashSeed &* 0x9e37_79b9_7f4a_7c15)
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
        if purpose != .peek { noteUse(of: index, at: now) }
        return index
    }

    /// The string's bytes; none for a collection.
    package func string(of index: EntryIndex) -> ArraySlice<UInt8> {
        slab.entries[index.slot].string
    }

    /// Appends the string as one reply.
    func reply(with index: EntryIndex, into reply: inout ReplyBuffer) {
        slab.entries[index.slot].reply(into: &reply)
    }

    package func stringCount(of index: EntryIndex) -> Int { slab.entries[index.slot].stringCount }

    func isString(_ index: EntryIndex) -> Bool { slab.entries[index.slot].value.isString }

    func value(of index: EntryIndex) -> Value { slab.entries[index.slot].value }

    /// `nil` for an entry that never expires.
    package func deadline(of index: EntryIndex) -> CacheTime? {
        guard slab.entries[index.slot].expires else { return nil }
        return slab.entries[index.slot].deadline
    }

    /// The order in which eviction would take the keys; for tests and for debugging, O(n).
    package func keysOldestFirst() -> [[UInt8]] {
        var keys: [[UInt8]] = []
        var index = recency.oldest
        while !index.isNone {
            keys.append([UInt8](slab.entries[index.slot].key))
            index = slab.links[index.slot].newer
        }
        return keys
    }

    mutating func noteUse(of index: EntryIndex, at now: CacheTime) {
        recency.touch(index, in: &slab)
        slab.entries[index.slot].usage.note(at: now)
        guard policy == .allkeysLFU else { return }
        let chance = random.chance()
        slab.entries[index.slot].usage.count(at: now, frequencyTuning, chance: chance)
    }

    mutating func locate(
        _ key: Span<UInt8>, hash: UInt32, at now: CacheTime
    ) -> EntryIndex? {
        guard let index = table.find(key, hash: hash, in: slab) else { return nil }
        guard !isDue(index, at: now) else {
            depart(index)
            statistics.expired += 1
            return nil
        }
        return index
    }

    func isDue(_ index: EntryIndex, at now: CacheTime) -> Bool {
        slab.entries[index.slot].expires && slab.entries[index.slot].deadline <= now
    }
}

// MARK: - Scanning

extension Keyspace {
    /// One step of SCAN: the live keys in the next `countMax` slots, and the next cursor, 0 at the end.
    ///
    /// An entry keeps its slot for as long as it lives, so a key that is there from the scan's start to
    /// its end is met exactly once.
    func scan(
        from cursor: UInt64, countMax: Int, at now: CacheTime
    ) -> (found: [EntryIndex], next: UInt64) {
        let start = Int(clamping: cursor)
        let end = min(slab.entries.count, start.addingReportingOverflow(countMax).partialValue)
        guard start < end else { return ([], 0) }
        let found = (start..<end).map { EntryIndex($0) }.filter {
            !slab.entries[$0.slot].isFree && !isDue($0, at: now)
        }
        return (found, end == slab.entries.count ? 0 : UInt64(end))
    }

    func key(of index: EntryIndex) -> ArraySlice<UInt8> { slab.entries[index.slot].key }

    /// Some key; nil without any.
    mutating func randomKey() -> EntryIndex? {
        guard slab.count > 0 else { return nil }
        return slab.used(from: Int(random.next() % UInt64(slab.entries.count)), sparing: .none)
    }
}

/// Counts since the start or the last CONFIG RESETSTAT.
package struct KeyspaceStatistics: Equatable, Sendable {
    package var hits = 0
    package var misses = 0
    package var expired = 0
    package var evicted = 0
    /// Writes that were refused because no room could be made.
    package var refused = 0
    /// FLUSHALL and FLUSHDB calls, and the entries that they dropped: a flush must be seen in the metrics.
    package var flushes = 0
    package var flushed = 0
}
