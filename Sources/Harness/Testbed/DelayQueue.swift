// Packets in the order in which they are due: a binary heap by time, and by arrival where two are
// due at once.

import Linux

/// A time-ordered queue whose elements of equal time leave in the order they came.
struct DelayQueue<Element> {
    private struct Entry {
        var due: MonotonicTime
        var order: UInt64
        var element: Element

        static func precedes(_ left: Entry, _ right: Entry) -> Bool {
            left.due == right.due ? left.order < right.order : left.due < right.due
        }
    }

    /// A heap: the parent of `index` is at (index - 1) / 2 and precedes it.
    private var entries: [Entry] = []
    private var orderNext: UInt64 = 0

    var count: Int { entries.count }
    var nextDue: MonotonicTime? { entries.first?.due }

    mutating func insert(_ element: Element, due: MonotonicTime) {
        entries.append(Entry(due: due, order: orderNext, element: element))
        orderNext += 1
        siftUp(from: entries.count - 1)
    }

    /// Takes the first element if it is due by `now`.
    mutating func popDue(by now: MonotonicTime) -> (element: Element, due: MonotonicTime)? {
        guard let first = entries.first, first.due <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            siftDown(from: 0)
        }
        return (first.element, first.due)
    }

    /// Makes the elements that match due at `now`, in the order in which they would have left.
    mutating func hasten(to now: MonotonicTime, where matches: (Element) -> Bool) {
        let hastened = entries.filter { matches($0.element) }.sorted(by: Entry.precedes)
        if hastened.isEmpty { return }
        entries.removeAll { matches($0.element) }
        entries.sort(by: Entry.precedes)
        for entry in hastened { insert(entry.element, due: min(entry.due, now)) }
    }

    private mutating func siftUp(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard Entry.precedes(entries[index], entries[parent]) else { return }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var index = start
        while true {
            var first = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if Entry.precedes(entries[child], entries[first]) { first = child }
            }
            if first == index { return }
            entries.swapAt(index, first)
            index = first
        }
    }
}
