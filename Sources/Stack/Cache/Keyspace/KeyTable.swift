// The hash index from keys to slots: linear hashing (Litwin, "Linear Hashing: a new tool for file and table
// addressing", VLDB 1980). It grows by one bucket an insertion, so that no single command ever pays for a
// rehash of the whole table; a server that answers on one thread cannot afford that pause.

struct KeyTable: Sendable {
    /// Heads of the chains. Buckets below `split` are already divided for the next round.
    private var buckets: [EntryIndex]
    /// Buckets at the start of this round; a power of two.
    private var base: Int
    /// The bucket to divide next: 0 <= split < base.
    private var split = 0
    private let seed: UInt64

    private static let bucketsMin = 16

    init(seed: UInt64) {
        self.seed = seed
        base = KeyTable.bucketsMin
        buckets = [EntryIndex](repeating: .none, count: KeyTable.bucketsMin)
    }

    func find(_ key: Span<UInt8>, hash: UInt32, in slab: borrowing EntrySlab) -> EntryIndex? {
        var index = buckets[bucket(of: hash)]
        while !index.isNone {
            let links = slab.links[index.slot]
            if links.hash == hash, slab.entries[index.slot].hasKey(key) { return index }
            index = links.chain
        }
        return nil
    }

    /// The first entry of the bucket that a hash belongs to.
    @inline(__always)
    func head(of hash: UInt32) -> EntryIndex { buckets[bucket(of: hash)] }

    /// `index` must hold a key that the table lacks; the caller has just looked.
    mutating func insert(_ index: EntryIndex, in slab: inout EntrySlab) {
        push(index, onto: bucket(of: slab.links[index.slot].hash), in: &slab)
        if slab.count > buckets.count { divideOneBucket(in: &slab) }
    }

    mutating func remove(_ index: EntryIndex, in slab: inout EntrySlab) {
        let next = slab.links[index.slot].chain
        let home = bucket(of: slab.links[index.slot].hash)
        guard buckets[home] != index else {
            buckets[home] = next
            return
        }
        var before = buckets[home]
        while slab.links[before.slot].chain != index {
            before = slab.links[before.slot].chain
            precondition(!before.isNone, "an entry is missing from its bucket")
        }
        slab.links[before.slot].chain = next
    }

    func hash(of key: Span<UInt8>) -> UInt32 { KeyHash.of(key, seed: seed) }

    private func bucket(of hash: UInt32) -> Int {
        let short = Int(hash) & (base - 1)
        return short < split ? Int(hash) & (2 * base - 1) : short
    }

    private mutating func push(
        _ index: EntryIndex, onto bucket: Int, in slab: inout EntrySlab
    ) {
        slab.links[index.slot].chain = buckets[bucket]
        buckets[bucket] = index
    }

    private mutating func divideOneBucket(in slab: inout EntrySlab) {
        var index = buckets[split]
        buckets[split] = .none
        buckets.append(.none)
        split += 1
        while !index.isNone {
            let next = slab.links[index.slot].chain
            push(index, onto: bucket(of: slab.links[index.slot].hash), in: &slab)
            index = next
        }
        if split == base {
            base *= 2
            split = 0
        }
    }
}
