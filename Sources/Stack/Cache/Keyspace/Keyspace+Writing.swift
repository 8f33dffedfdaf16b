// The writes of strings, and of keys whatever they hold. Each either happens whole or throws with nothing
// changed.

/// What a write does to the key's deadline.
package enum DeadlineChange: Equatable, Sendable {
    case keep
    case clear
    case set(CacheTime)
}

/// Why a write was refused; nothing has changed when one is thrown.
package enum WriteRefusal: Error, Equatable, Sendable {
    /// No eviction could make room.
    case outOfMemory
    case notAnInteger
    case overflow
    /// The key holds a value of another type.
    case wrongType
}

extension Keyspace {
    /// Sets a key to a string, whatever it held.
    package mutating func set(
        _ key: Span<UInt8>, to string: Span<UInt8>, deadline: DeadlineChange = .clear,
        at now: CacheTime
    ) throws(WriteRefusal) {
        let hash = table.hash(of: key)
        let cost = Entry.cost(keyCount: key.count, valueCount: string.count)
        guard let index = locate(key, hash: hash, at: now) else {
            try makeRoom(forOne: cost, replacing: nil, at: now)
            insert(Entry(key: key, string: string), hash: hash, deadline: deadline, at: now)
            return
        }
        try rewrite(index, as: string, costing: cost, deadline: deadline, at: now)
    }

    private mutating func rewrite(
        _ index: EntryIndex, as string: Span<UInt8>, costing cost: Int, deadline: DeadlineChange,
        at now: CacheTime
    ) throws(WriteRefusal) {
        try makeRoom(forOne: cost, replacing: index, at: now)
        slab.entries[index.slot].replace(byString: string)
        noteUse(of: index, at: now)
        apply(deadline, to: index)
        noteChange(of: index)
    }

    /// Sets a key to a value that nothing else refers to.
    mutating func set(
        _ key: Span<UInt8>, toValue value: Value, deadline: DeadlineChange, at now: CacheTime
    ) throws(WriteRefusal) {
        let hash = table.hash(of: key)
        let cost = Entry.cost(keyCount: key.count, valueCount: 0) + value.size
        guard let index = locate(key, hash: hash, at: now) else {
            try makeRoom(forOne: cost, replacing: nil, at: now)
            insert(Entry(key: key, value: value), hash: hash, deadline: deadline, at: now)
            return
        }
        try makeRoom(forOne: cost, replacing: index, at: now)
        slab.entries[index.slot].replace(by: value)
        apply(deadline, to: index)
        noteChange(of: index)
    }

    /// Adds to the end of the string, or creates it; answers the new length.
    package mutating func append(
        _ suffix: Span<UInt8>, to key: Span<UInt8>, at now: CacheTime
    ) throws(WriteRefusal) -> Int {
        guard let index = locate(key, hash: table.hash(of: key), at: now) else {
            try set(key, to: suffix, deadline: .clear, at: now)
            return suffix.count
        }
        guard isString(index) else { throw .wrongType }
        let total = slab.entries[index.slot].stringCount + suffix.count
        let cost = Entry.cost(keyCount: key.count, valueCount: total)
        try makeRoom(forOne: cost, replacing: index, at: now)
        slab.entries[index.slot].appendToString(suffix)
        noteChange(of: index)
        return total
    }

    /// Adds to a decimal counter, an absent key counting as 0; the deadline stays.
    package mutating func increment(
        _ key: Span<UInt8>, by delta: Int64, at now: CacheTime
    ) throws(WriteRefusal) -> Int64 {
        guard let index = locate(key, hash: table.hash(of: key), at: now) else {
            let digits = DecimalDigits(delta)
            try set(key, to: digits.span, deadline: .clear, at: now)
            return delta
        }
        guard isString(index) else { throw .wrongType }
        guard let old = slab.entries[index.slot].number else { throw .notAnInteger }
        let (sum, overflow) = old.addingReportingOverflow(delta)
        guard !overflow else { throw .overflow }
        let digits = DecimalDigits(sum)
        let cost = Entry.cost(keyCount: key.count, valueCount: digits.span.count)
        try rewrite(index, as: digits.span, costing: cost, deadline: .keep, at: now)
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
        noteChange(of: index)
    }

    /// False when the entry had no deadline.
    package mutating func persist(_ index: EntryIndex) -> Bool {
        guard deadlines.remove(index, in: &slab) else { return false }
        noteChange(of: index)
        return true
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
        changeCount &+= 1
        watches.noteAll()
        leases.voidAll()
        statistics.flushes += 1
        statistics.flushed += dropped
        return dropped
    }

    /// The active half of expiry: removes at most `countMax` entries past their deadline, soonest first.
    @discardableResult
    package mutating func expireDue(at now: CacheTime, countMax: Int) -> Int {
        var dropped = 0
        while dropped < countMax, let index = deadlines.soonest, isDue(index, at: now) {
            depart(index)
            dropped += 1
        }
        statistics.expired += dropped
        return dropped
    }

    @discardableResult
    mutating func insert(
        _ entry: Entry, hash: UInt32, deadline: DeadlineChange, at now: CacheTime
    ) -> EntryIndex {
        let index = slab.insert(entry, hash: hash)
        slab.entries[index.slot].usage.begin(at: now)
        table.insert(index, in: &slab)
        recency.insertNewest(index, in: &slab)
        apply(deadline, to: index)
        noteChange(of: index)
        return index
    }

    private mutating func apply(_ change: DeadlineChange, to index: EntryIndex) {
        switch change {
        case .keep: break
        case .clear: deadlines.remove(index, in: &slab)
        case .set(let deadline): deadlines.set(index, to: deadline, in: &slab)
        }
    }
}
