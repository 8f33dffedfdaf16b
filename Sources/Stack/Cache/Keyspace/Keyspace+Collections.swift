// Changes of collections in place. A command opens the value, changes it, and settles: what the value has grown
// or shrunk by is then charged, and one that is left empty goes, as Redis has it.

/// A value that is being changed.
struct OpenValue {
    let index: EntryIndex
    let value: Value
    fileprivate let sizeBefore: Int
}

extension Keyspace {
    /// The value of a key if it is of the kind; nil when there is no such key.
    mutating func value(
        _ key: Span<UInt8>, of kind: ValueKind, at now: CacheTime
    ) throws(WriteRefusal) -> Value? {
        guard let index = find(key, at: now, for: .read) else { return nil }
        let value = slab.entries[index.slot].value
        guard value.kind == kind else { throw .wrongType }
        return value
    }

    /// Opens a collection that is there; nil when it is not.
    mutating func open(
        _ key: Span<UInt8>, of kind: ValueKind, at now: CacheTime
    ) throws(WriteRefusal) -> OpenValue? {
        guard let index = find(key, at: now, for: .write) else { return nil }
        let value = slab.entries[index.slot].value
        guard value.kind == kind else { throw .wrongType }
        return OpenValue(index: index, value: value, sizeBefore: value.size)
    }

    /// Opens a collection, a new one if there is none, with room for it to grow by `growth` bytes.
    mutating func open(
        _ key: Span<UInt8>, of kind: ValueKind, growing growth: Int, at now: CacheTime
    ) throws(WriteRefusal) -> OpenValue {
        if let open = try open(key, of: kind, at: now) {
            let cost = slab.entries[open.index.slot].cost + growth
            try makeRoom(growing: growth, of: open.index, holding: cost, at: now)
            return open
        }
        let empty = Value.empty(kind)
        let cost = Entry.cost(keyCount: key.count, valueCount: 0)
        try makeRoom(growing: cost + growth, of: .none, holding: cost + growth, at: now)
        usedMemory += cost
        let index = insert(
            Entry(key: key, value: empty), hash: table.hash(of: key), deadline: .clear, at: now)
        return OpenValue(index: index, value: empty, sizeBefore: 0)
    }

    /// Charges what the value has become.
    mutating func settle(_ open: OpenValue, changed: Bool) {
        let growth = open.value.size - open.sizeBefore
        usedMemory += growth
        usedMemoryPeak = max(usedMemoryPeak, usedMemory)
        if open.value.elementCount == 0 { return drop(open.index) }
        if changed { noteChange(of: open.index) }
    }

    /// What a collection may grow by for elements of these sizes: never less than it will.
    static func growth(ofElements count: Int, bytes: Int) -> Int {
        let member = MemoryLayout<MemberTable<[UInt8]>.Member>.stride + 24
        return bytes + count * (member + 2 * Block.size(ofBytes: 16) + RankedTree.nodeSize)
    }
}
