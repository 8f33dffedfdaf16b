// Which object goes when the memory is full: S3-FIFO (Yang, Zhang, Qiu, Yue, Vigfusson: "FIFO queues
// are all you need for cache eviction", SOSP 2023).
//
//     new ──► small (10%) ──► main (90%) ──► out
//               │               ▲ └─ used since: round again
//               └──► ghost ─────┘ (names alone: who comes back is taken into main)
//
// Most objects of a CDN are asked for once. They pass through the small queue and are gone, so that a
// scan over the whole site cannot drive out what is asked for every second. A hit only counts up two
// bits; nothing moves, which is what makes hits cheap.
//
// Pure: it knows sizes and fingerprints, and hands out the numbers of slots.

/// A place in the queues; valid from `insert` until `remove` or `evict` returns it.
package struct EvictionSlot: Hashable, Sendable {
    package let index: Int
}

package struct EvictionQueues: Sendable {
    private struct Entry {
        var size: Int
        var fingerprint: UInt64
        /// Uses since it came or last went round, at most 3.
        var uses: UInt8 = 0
        var isMain: Bool
        var previous: Int = none
        var next: Int = none
        var isLive = true
    }

    private static let none = -1
    private static let usesMax: UInt8 = 3

    private var entries: [Entry] = []
    private var free: [Int] = []
    private var small = Queue()
    private var main = Queue()
    private var ghosts: GhostList
    /// In bytes.
    private let smallMax: Int

    /// `capacity` in bytes; `ghostsMax` bounds the names remembered of what was thrown out.
    package init(capacity: Int, ghostsMax: Int = 65_536) {
        precondition(capacity > 0, "a cache has room")
        smallMax = max(1, capacity / 10)
        ghosts = GhostList(countMax: ghostsMax)
    }

    /// Bytes of all objects.
    package var size: Int { small.size + main.size }
    package var count: Int { small.count + main.count }

    /// Takes an object in; one that was thrown out lately goes to the main queue at once.
    package mutating func insert(size: Int, fingerprint: UInt64) -> EvictionSlot {
        let isMain = ghosts.remove(fingerprint)
        let entry = Entry(size: size, fingerprint: fingerprint, isMain: isMain)
        let index: Int
        if let reused = free.popLast() {
            index = reused
            entries[index] = entry
        } else {
            index = entries.count
            entries.append(entry)
        }
        append(index)
        return EvictionSlot(index: index)
    }

    /// Notes a use.
    package mutating func touch(_ slot: EvictionSlot) {
        if entries[slot.index].uses < Self.usesMax { entries[slot.index].uses += 1 }
    }

    package mutating func resize(_ slot: EvictionSlot, to size: Int) {
        let change = size - entries[slot.index].size
        entries[slot.index].size = size
        if entries[slot.index].isMain { main.size += change } else { small.size += change }
    }

    /// Takes an object out for a reason of its own, such as a purge.
    package mutating func remove(_ slot: EvictionSlot) {
        precondition(entries[slot.index].isLive, "a slot is removed once")
        unlink(slot.index)
        release(slot.index)
    }

    /// Throws the least deserving object out; nil when there is none.
    package mutating func evict() -> EvictionSlot? {
        while count > 0 {
            let isSmallDue = small.size > smallMax || main.count == 0
            if let victim = isSmallDue ? evictFromSmall() : evictFromMain() {
                return EvictionSlot(index: victim)
            }
        }
        return nil
    }

    /// One step; nil when the head of the queue was moved to main instead.
    private mutating func evictFromSmall() -> Int? {
        let index = small.head
        if index == Self.none { return nil }
        unlink(index)
        if entries[index].uses > 1 {
            entries[index].uses = 0
            entries[index].isMain = true
            append(index)
            return nil
        }
        ghosts.insert(entries[index].fingerprint, countMax: max(64, count))
        release(index)
        return index
    }

    /// One step; nil when the head of the queue was used and goes round again.
    private mutating func evictFromMain() -> Int? {
        let index = main.head
        if index == Self.none { return nil }
        unlink(index)
        if entries[index].uses > 0 {
            entries[index].uses -= 1
            append(index)
            return nil
        }
        release(index)
        return index
    }

    private mutating func release(_ index: Int) {
        entries[index].isLive = false
        free.append(index)
    }

    // MARK: Links

    private struct Queue {
        var head = EvictionQueues.none
        var tail = EvictionQueues.none
        /// 0 <= size, in bytes
        var size = 0
        var count = 0
    }

    private mutating func append(_ index: Int) {
        var queue = entries[index].isMain ? main : small
        entries[index].previous = queue.tail
        entries[index].next = Self.none
        if queue.tail == Self.none {
            queue.head = index
        } else {
            entries[queue.tail].next = index
        }
        queue.tail = index
        queue.size += entries[index].size
        queue.count += 1
        if entries[index].isMain { main = queue } else { small = queue }
    }

    private mutating func unlink(_ index: Int) {
        let entry = entries[index]
        var queue = entry.isMain ? main : small
        if entry.previous == Self.none {
            queue.head = entry.next
        } else {
            entries[entry.previous].next = entry.next
        }
        if entry.next == Self.none {
            queue.tail = entry.previous
        } else {
            entries[entry.next].previous = entry.previous
        }
        queue.size -= entry.size
        queue.count -= 1
        if entry.isMain { main = queue } else { small = queue }
    }
}

/// The fingerprints of what was thrown out last, oldest first.
private struct GhostList: Sendable {
    private let countMax: Int
    /// In order of arrival; those that came back stay in the ring until it passes over them.
    private var ring: [UInt64] = []
    private var oldest = 0
    private var present: Set<UInt64> = []

    init(countMax: Int) { self.countMax = countMax }

    mutating func insert(_ fingerprint: UInt64, countMax wanted: Int) {
        guard countMax > 0, present.insert(fingerprint).inserted else { return }
        ring.append(fingerprint)
        while ring.count - oldest > min(countMax, wanted) {
            present.remove(ring[oldest])
            oldest += 1
        }
        if oldest > 1024, oldest * 2 > ring.count {
            ring.removeFirst(oldest)
            oldest = 0
        }
    }

    /// True when it was there.
    mutating func remove(_ fingerprint: UInt64) -> Bool { present.remove(fingerprint) != nil }
}
