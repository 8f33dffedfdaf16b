// The writes of the keyspace. Each either happens whole or throws with nothing changed.

/// What a write does to the key's deadline.
package enum DeadlineChange: Equatable, Sendable {
    case keep
    case clear
    case set(CacheTime)
}

/// Why a write was refused; nothing has changed when one is thrown.
package enum WriteRefusal: Error, Equatable, Sendable {
    /// The entry alone is larger than the limit, so that no eviction could make room.
    case outOfMemory
    case notAnInteger
    case overflow
}

extension Keyspace {
    package mutating func set(
        _ key: Span<UInt8>, to value: Span<UInt8>, deadline: DeadlineChange = .clear,
        at now: CacheTime
    ) throws(WriteRefusal) {
        let hash = table.hash(of: key)
        let cost = Entry.cost(keyCount: key.count, valueCount: value.count)
        guard let index = locate(key, hash: hash, at: now) else {
            try makeRoom(forOne: cost, replacing: nil)
            insert(Entry(key: key, value: value, hash: hash), deadline: deadline)
            return
        }
        try makeRoom(forOne: cost, replacing: index)
        slab.entries[index.slot].replaceValue(value)
        apply(deadline, to: index)
    }

    /// Adds to the end of the value, or creates it; answers the new length.
    package mutating func append(
        _ suffix: Span<UInt8>, to key: Span<UInt8>, at now: CacheTime
    ) throws(WriteRefusal) -> Int {
        guard let index = locate(key, hash: table.hash(of: key), at: now) else {
            try set(key, to: suffix, deadline: .clear, at: now)
            return suffix.count
        }
        let total = slab.entries[index.slot].valueCount + suffix.count
        let cost = Entry.cost(keyCount: key.count, valueCount: total)
        try makeRoom(forOne: cost, replacing: index)
        slab.entries[index.slot].appendToValue(suffix)
        return total
    }

    /// Adds to a decimal counter, an absent key counting as 0; the deadline stays.
    package mutating func increment(
        _ key: Span<UInt8>, by delta: Int64, at now: CacheTime
    ) throws(WriteRefusal) -> Int64 {
        let old = try counter(key, at: now)
        let (sum, overflow) = old.addingReportingOverflow(delta)
        guard !overflow else { throw .overflow }
        var digits: [UInt8] = []
        Decimal.append(sum, to: &digits)
        try set(key, to: digits.span, deadline: .keep, at: now)
        return sum
    }

    /// False when the key was absent.
    package mutating func remove(_ key: Span<UInt8>, at now: CacheTime) -> Bool {
        guard let index = locate(key, hash: table.hash(of: key), at: now) else { return false }
        drop(index)
        return true
    }

    package mutating func remove(_ index: EntryIndex) { drop(index) }

    /// A deadline in the past removes the key at once, as EXPIRE with a negative time does.
    package mutating func expire(_ index: EntryIndex, at deadline: CacheTime, now: CacheTime) {
        guard deadline > now else { return drop(index) }
        deadlines.set(index, to: deadline, in: &slab)
    }

    /// False when the entry had no deadline.
    package mutating func persist(_ index: EntryIndex) -> Bool {
        deadlines.remove(index, in: &slab)
    }

    /// Empties the keyspace and answers how many entries it held.
    @discardableResult
    package mutating func flush() -> Int {
        let dropped = slab.count
        slab = EntrySlab()
        table = KeyTable(seed: hashSeed)
        recency = RecencyList()
        deadlines = DeadlineHeap()
        usedMemory = 0
        statistics.flushes += 1
        statistics.flushed += dropped
        return dropped
    }

    /// The active half of expiry: removes at most `countMax` entries past their deadline, soonest first.
    @discardableResult
    package mutating func expireDue(at now: CacheTime, countMax: Int) -> Int {
        var dropped = 0
        while dropped < countMax, let index = deadlines.soonest, isDue(index, at: now) {
            drop(index)
            dropped += 1
        }
        statistics.expired += dropped
        return dropped
    }

    private mutating func counter(
        _ key: Span<UInt8>, at now: CacheTime
    ) throws(WriteRefusal) -> Int64 {
        guard let index = locate(key, hash: table.hash(of: key), at: now) else { return 0 }
        let value = slab.entries[index.slot].value
        guard let number = Decimal.parse(value.span) else { throw .notAnInteger }
        return number
    }

    private mutating func insert(_ entry: Entry, deadline: DeadlineChange) {
        let index = slab.insert(entry)
        table.insert(index, in: &slab)
        recency.insertNewest(index, in: &slab)
        apply(deadline, to: index)
    }

    private mutating func apply(_ change: DeadlineChange, to index: EntryIndex) {
        switch change {
        case .keep: break
        case .clear: deadlines.remove(index, in: &slab)
        case .set(let deadline): deadlines.set(index, to: deadline, in: &slab)
        }
    }
}
