// Which key goes when memory is short: the policies of redis.conf's maxmemory-policy. Exact where an order is
// kept anyway (least recently used of all, soonest to expire), by a sample where keeping one would cost every
// access (least frequently used, and the least recently used of the keys that expire).

import Blueprint

extension Keyspace {
    /// The next to be evicted; nil when the policy has none to give.
    mutating func victim(at now: CacheTime, sparing spared: EntryIndex) -> EntryIndex? {
        switch policy {
        case .noeviction: return nil
        case .allkeysLRU: return recency.oldest.isNone ? nil : oldest(sparing: spared)
        case .volatileTTL:
            guard let soonest = deadlines.soonest else { return nil }
            return soonest == spared ? deadlines.second(in: slab) : soonest
        case .allkeysLFU:
            let tuning = frequencyTuning
            return sampled(sparing: spared) { usage in UInt32(usage.frequency(at: now, tuning)) }
        case .volatileLRU:
            return sampledVolatile(sparing: spared) { usage in ~usage.idle(at: now) }
        }
    }

    private func oldest(sparing spared: EntryIndex) -> EntryIndex? {
        guard recency.oldest == spared else { return recency.oldest }
        let next = slab.links[spared.slot].newer
        return next.isNone ? nil : next
    }

    /// The entry of the lowest worth among some that are drawn at random.
    private mutating func sampled(
        sparing spared: EntryIndex, worth: (EntryUsage) -> UInt32
    ) -> EntryIndex? {
        var best: (index: EntryIndex, worth: UInt32)?
        for _ in 0..<sampleCount {
            guard slab.count > 0 else { return nil }
            let place = Int(random.next() % UInt64(slab.entries.count))
            guard let index = slab.used(from: place, sparing: spared) else { return nil }
            let own = worth(slab.entries[index.slot].usage)
            if best == nil || own < best?.worth ?? .max { best = (index, own) }
        }
        return best?.index
    }

    private mutating func sampledVolatile(
        sparing spared: EntryIndex, worth: (EntryUsage) -> UInt32
    ) -> EntryIndex? {
        var best: (index: EntryIndex, worth: UInt32)?
        let count = deadlines.count
        for draw in 0..<min(count, sampleCount) {
            // Few keys are all looked at, so that none is missed by bad luck.
            let place = count <= sampleCount ? draw : Int(random.next() % UInt64(count))
            let index = deadlines.entry(at: place)
            guard index != spared else { continue }
            let own = worth(slab.entries[index.slot].usage)
            if best == nil || own < best?.worth ?? .max { best = (index, own) }
        }
        return best?.index
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), seeded with the keyspace, so that the same commands evict
/// the same keys.
struct EvictionRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func chance() -> Double { Double(next() >> 11) * 0x1p-53 }
}
