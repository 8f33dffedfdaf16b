// The exact order of last use, as a doubly linked list threaded through the slab. Redis samples five keys
// and evicts the idlest of them; the list evicts the least recently used key itself, for 8 bytes an entry
// and a constant number of writes a touch, and makes eviction a thing that a test can predict.

struct RecencyList: Sendable {
    private(set) var newest = EntryIndex.none
    private(set) var oldest = EntryIndex.none

    mutating func insertNewest(_ index: EntryIndex, in slab: inout EntrySlab) {
        slab.links[index.slot].older = newest
        slab.links[index.slot].newer = .none
        if newest.isNone {
            oldest = index
        } else {
            slab.links[newest.slot].newer = index
        }
        newest = index
    }

    mutating func remove(_ index: EntryIndex, in slab: inout EntrySlab) {
        let newer = slab.links[index.slot].newer
        let older = slab.links[index.slot].older
        if newer.isNone { newest = older } else { slab.links[newer.slot].older = older }
        if older.isNone { oldest = newer } else { slab.links[older.slot].newer = newer }
    }

    mutating func touch(_ index: EntryIndex, in slab: inout EntrySlab) {
        guard newest != index else { return }
        remove(index, in: &slab)
        insertNewest(index, in: &slab)
    }
}
