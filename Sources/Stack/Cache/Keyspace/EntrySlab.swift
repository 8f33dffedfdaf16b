// Every entry in one contiguous array, and what links it to others in a second one beside it, with the free
// slots chained through that. Slots are reused before the arrays grow, so that a full cache that evicts as fast
// as it fills allocates no slots.
//
// The links are apart from the entries because a use of one key writes the links of its neighbours in the order
// of use: three keys that have nothing in common but that. At sixteen bytes each those of a hundred thousand keys
// stay in the processor's cache, where as many whole entries do not.

/// The threads of the hash chains and of the recency list through one slot.
struct EntryLinks {
    var hash: UInt32 = 0
    /// Next entry of the same hash bucket; in a free slot, the next free slot.
    var chain = EntryIndex.none
    var newer = EntryIndex.none
    var older = EntryIndex.none
}

struct EntrySlab {
    var entries: [Entry] = []
    /// As many as entries.
    var links: [EntryLinks] = []
    private var free = EntryIndex.none
    /// Slots in use: 0 <= count <= entries.count.
    private(set) var count = 0

    mutating func insert(_ entry: Entry, hash: UInt32) -> EntryIndex {
        count += 1
        guard free.isNone else {
            let index = free
            free = links[index.slot].chain
            links[index.slot] = EntryLinks(hash: hash)
            entries[index.slot] = entry
            return index
        }
        precondition(entries.count < Int(Int32.max), "the slab is out of slot numbers")
        entries.append(entry)
        links.append(EntryLinks(hash: hash))
        return EntryIndex(entries.count - 1)
    }

    mutating func remove(_ index: EntryIndex) {
        precondition(count > 0, "a slot was freed twice")
        entries[index.slot] = Entry()
        links[index.slot].chain = free
        free = index
        count -= 1
    }

    /// The first slot in use at or after a place, around the end, but for one; nil when there is none.
    func used(from start: Int, sparing spared: EntryIndex) -> EntryIndex? {
        guard count > (spared.isNone ? 0 : 1) else { return nil }
        var slot = start
        while entries[slot].isFree || slot == spared.slot {
            slot = slot + 1 == entries.count ? 0 : slot + 1
        }
        return EntryIndex(slot)
    }
}
