// When the leases and waits of one group end. Whatever a fetch hands out ends at one moment, and
// nearly all of it is acknowledged long before: so there is one place in the heap for each moment, and
// not for each message.
//
// An entry is stale once its message's standing ends at another time, or not at all; whoever asks says
// which are. Entries come out by time and then by offset, however they came in, because a replica
// that read a snapshot has them in another order than one that applied the log.

import Collections

struct Deadlines: Sendable {
    /// What ends at one moment; entries before `head` are gone.
    private struct Moment: Sendable {
        private var offsets: [Offset] = []
        private var head = 0
        private var isAscending = true

        init(_ offset: Offset) { offsets = [offset] }

        var isEmpty: Bool { head == offsets.count }

        mutating func append(_ offset: Offset) {
            if let last = offsets.last, offset < last { isAscending = false }
            offsets.append(offset)
        }

        mutating func sort() {
            if isAscending { return }
            offsets[head...].sort()
            isAscending = true
        }

        /// Drops from the front what is stale; gives the number.
        mutating func dropStale(_ isCurrent: (Offset) -> Bool) -> Int {
            let start = head
            while head < offsets.count, !isCurrent(offsets[head]) { head += 1 }
            return head - start
        }

        mutating func takeFirst() -> Offset {
            defer { head += 1 }
            return offsets[head]
        }

        /// Drops all that is stale; gives how many are left.
        mutating func keep(_ isCurrent: (Offset) -> Bool) -> Int {
            offsets = offsets[head...].filter(isCurrent)
            head = 0
            return offsets.count
        }
    }

    /// Those that `moments` has.
    private var times = MinHeap<LogTime>()
    private var moments: [LogTime: Moment] = [:]
    /// Entries, stale ones among them.
    private(set) var count = 0

    init() {}

    mutating func insert(_ offset: Offset, at time: LogTime) {
        count += 1
        if let place = moments.index(forKey: time) {
            moments.values[place].append(offset)
        } else {
            times.insert(time)
            moments[time] = Moment(offset)
        }
    }

    /// The first moment at which something ends that is not stale.
    mutating func next(_ isCurrent: (Offset, LogTime) -> Bool) -> LogTime? {
        while let time = times.least {
            if let place = moments.index(forKey: time) {
                count -= moments.values[place].dropStale { isCurrent($0, time) }
                if !moments.values[place].isEmpty { return time }
            }
            moments[time] = nil
            _ = times.takeLeast()
        }
        return nil
    }

    /// Takes out the first that ends by then and is not stale.
    mutating func take(
        at now: LogTime, _ isCurrent: (Offset, LogTime) -> Bool
    ) -> Offset? {
        while let time = next(isCurrent), time <= now {
            guard let place = moments.index(forKey: time) else { return nil }
            moments.values[place].sort()
            // What stood first before may not any more.
            count -= moments.values[place].dropStale { isCurrent($0, time) }
            if moments.values[place].isEmpty { continue }
            count -= 1
            return moments.values[place].takeFirst()
        }
        return nil
    }

    /// Drops all that is stale; linear.
    mutating func keep(_ isCurrent: (Offset, LogTime) -> Bool) {
        count = 0
        for time in Array(moments.keys) {
            guard let place = moments.index(forKey: time) else { continue }
            let kept = moments.values[place].keep { isCurrent($0, time) }
            count += kept
            if kept == 0 { moments[time] = nil }
        }
        let left = moments
        times.keep { left[$0] != nil }
    }
}
