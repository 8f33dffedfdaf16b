// Linearizability of registers whose writes all have different values, judged as answers arrive.
//
// A read tells by its value which write it saw. Take a write together with all reads that saw it: in any
// order that explains the history they stand next to each other, so each such cluster can be treated
// as one. Cluster a must stand before cluster b when an operation of a ended before one of b
// began. With `firstEnd` the earliest end in a cluster, and `lastStart` the latest start, that is
// a.firstEnd < b.lastStart. The history is linearizable if and only if no read ends before the write
// that it saw begins, and no two clusters must each stand before the other: longer circles always
// contain one of two (Gibbons and Korach, "Testing Shared Memories", SIAM J. Computing 1997, theorem 4.2,
// there put in terms of zones). An answer changes one cluster, so judging it costs one pass over the
// clusters of its key that had an operation begin late enough to matter.
//
// A write without an answer may take effect at any time, or never; it has a start and no end, and
// matters only once somebody read it. Time is a count of events, so no two are ever the same.

package struct RegisterHistory: Sendable {
    private var keys: [RegisterKey: Clusters] = [:]
    private var writes: [UInt64: Write] = [:]
    /// Answers that were judged.
    package private(set) var reads = 0
    package private(set) var acknowledgements = 0

    private struct Write {
        let key: RegisterKey
        let start: Int
        var isRefuted = false
    }

    /// All operations that belong to one written value.
    private struct Cluster {
        let value: UInt64
        let firstEnd: Int
        var lastStart: Int
    }

    private struct Clusters {
        /// In the order of `firstEnd`, since each is begun when its first answer arrives.
        var all: [Cluster] = []
        var places: [UInt64: Int] = [:]
    }

    package init() {
        // What registers hold at first was written by an operation before all others.
        for key in RegisterKey.all {
            var clusters = Clusters()
            clusters.all.append(Cluster(value: 0, firstEnd: -1, lastStart: -2))
            clusters.places[0] = 0
            keys[key] = clusters
        }
    }

    /// A write begins; `value` was never written before and is not zero.
    package mutating func beginWrite(_ value: UInt64, to key: RegisterKey, at start: Int) {
        writes[value] = Write(key: key, start: start)
    }

    /// A write was answered.
    package mutating func acknowledge(_ value: UInt64, at end: Int) throws(Violation) {
        guard let write = writes[value] else {
            throw Violation(.linearizability, "write \(value) was answered and never asked for")
        }
        acknowledgements += 1
        try extend(write.key, value, start: write.start, end: end)
    }

    /// A write was said to have certainly no effect.
    package mutating func refute(_ value: UInt64) throws(Violation) {
        writes[value]?.isRefuted = true
        guard let key = writes[value]?.key, keys[key]?.places[value] != nil else { return }
        throw Violation(.linearizability, "\(key) = \(value) was seen, and is said to have failed")
    }

    /// A read that began at `start` was answered.
    package mutating func read(
        _ value: UInt64, from key: RegisterKey, start: Int, end: Int
    ) throws(Violation) {
        reads += 1
        guard value != 0 else { return try extend(key, 0, start: start, end: end) }
        guard let write = writes[value], write.key == key, !write.isRefuted else {
            throw Violation(.linearizability, "\(key) = \(value) was read and never written")
        }
        // The read's end is now, so it is later than the start of any write there is.
        try extend(key, value, start: max(start, write.start), end: end)
    }

    /// Adds an operation to a cluster and judges the cluster against all others.
    private mutating func extend(
        _ key: RegisterKey, _ value: UInt64, start: Int, end: Int
    ) throws(Violation) {
        guard var clusters = keys.removeValue(forKey: key) else { return }
        defer { keys[key] = clusters }
        let place: Int
        if let known = clusters.places[value] {
            place = known
            guard start > clusters.all[place].lastStart else { return }
            clusters.all[place].lastStart = start
        } else {
            place = clusters.all.count
            clusters.all.append(Cluster(value: value, firstEnd: end, lastStart: start))
            clusters.places[value] = place
        }
        let changed = clusters.all[place]
        for other in clusters.all
        where other.lastStart > changed.firstEnd && other.firstEnd < changed.lastStart {
            guard other.value != value else { continue }
            throw Violation(
                .linearizability,
                "\(key) = \(value) was seen both before and after \(key) = \(other.value)")
        }
    }
}
