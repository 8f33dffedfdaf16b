// Packets in the order in which they are due, and by arrival where two are due at once.

import Collections
import Linux

/// A time-ordered queue whose elements of equal time leave in the order they came.
struct DelayQueue<Element> {
    private struct Entry: Comparable {
        let due: MonotonicTime
        let order: UInt64
        let element: Element

        static func < (left: Entry, right: Entry) -> Bool {
            (left.due, left.order) < (right.due, right.order)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
    }

    private var entries = MinHeap<Entry>()
    private var orderNext: UInt64 = 0

    var count: Int { entries.count }
    var nextDue: MonotonicTime? { entries.least?.due }

    mutating func insert(_ element: Element, due: MonotonicTime) {
        entries.insert(Entry(due: due, order: orderNext, element: element))
        orderNext += 1
    }

    /// Takes the first element if it is due by `now`.
    mutating func popDue(by now: MonotonicTime) -> (element: Element, due: MonotonicTime)? {
        guard let due = nextDue, due <= now else { return nil }
        return entries.takeLeast().map { ($0.element, $0.due) }
    }

    /// Makes the elements that match due at `now`, in the order in which they would have left.
    mutating func hasten(to now: MonotonicTime, where matches: (Element) -> Bool) {
        for entry in entries.take(where: { matches($0.element) }) {
            insert(entry.element, due: min(entry.due, now))
        }
    }
}
