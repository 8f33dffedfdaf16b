// What is going to happen, in the order of its time: a binary heap in which nothing is ever cancelled.
//
// Whoever takes an event out checks whether it still holds (a node may have crashed meanwhile). Time and
// order of arrival are packed into one word, so that sifting compares numbers and moves small values.

struct EventQueue<Event> {
    /// No entry is before its parent, at (index - 1) / 2.
    private var heap: [Entry] = []
    private var count: UInt64 = 0

    private struct Entry {
        /// Microseconds in the upper 44 bits, then a number that rises with each event.
        let key: UInt64
        let event: Event
    }

    /// Events of the same microsecond come out in the order in which they went in.
    private static var orderBits: UInt64 { 20 }

    mutating func add(_ event: Event, at time: SimulatedTime) {
        let order = count & ((1 << Self.orderBits) - 1)
        count += 1
        heap.append(
            Entry(key: UInt64(time.microseconds) << Self.orderBits | order, event: event))
        siftUp()
    }

    /// Takes out the next event, unless it is later than the limit.
    mutating func next(until limit: SimulatedTime) -> (time: SimulatedTime, event: Event)? {
        guard let first = heap.first else { return nil }
        let time = SimulatedTime(microseconds: Int(first.key >> Self.orderBits))
        guard time <= limit, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { siftDown(last) }
        return (time, first.event)
    }

    private mutating func siftUp() {
        var place = heap.count - 1
        let entry = heap[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.key < heap[parent].key else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = entry
    }

    /// Puts an entry in at the top, and moves it to where it belongs.
    private mutating func siftDown(_ entry: Entry) {
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].key < heap[child].key { child += 1 }
            guard heap[child].key < entry.key else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = entry
    }
}
