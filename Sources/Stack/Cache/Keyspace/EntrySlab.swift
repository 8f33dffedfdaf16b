// One contiguous array that holds every entry, with the free slots chained through it. Slots are reused
// before the array grows, so that a full cache that evicts as fast as it fills allocates no slots.

struct EntrySlab {
    var entries: [Entry] = []
    private var free = EntryIndex.none
    /// Slots in use: 0 <= count <= entries.count.
    private(set) var count = 0

    mutating func insert(_ entry: Entry) -> EntryIndex {
        count += 1
        guard free.isNone else {
            let index = free
            free = entries[index.slot].chain
            entries[index.slot] = entry
            return index
        }
        precondition(entries.count < Int(Int32.max), "the slab is out of slot numbers")
        entries.append(entry)
        return EntryIndex(entries.count - 1)
    }

    mutating func remove(_ index: EntryIndex) {
        precondition(count > 0, "a slot was freed twice")
        entries[index.slot] = Entry(freeBefore: free)
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
