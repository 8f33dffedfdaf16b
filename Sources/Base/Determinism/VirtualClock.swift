// Time for simulations. A protocol that takes its time as an argument can run through hours of
// elections in a millisecond, and the same seed gives the same interleaving. The clock moves only
// when it is told to, from one due timer to the next.

/// A settable clock with a queue of timers; `Event` is what a timer brings back when it is due.
package struct VirtualClock<Event: Sendable>: Sendable {
    /// Names a timer, so that it can be cancelled; never given out twice by one clock.
    package struct TimerID: Hashable, Sendable {
        fileprivate let sequence: UInt64
    }

    /// Time since the simulation began; it never goes back.
    package private(set) var now: Duration = .zero

    /// A binary heap: no entry is before its parent, at (index - 1) / 2.
    private var heap: [Entry] = []
    /// Timers still to fire; the heap keeps entries of cancelled ones until they come up.
    private var live: Set<TimerID> = []
    private var nextSequence: UInt64 = 0

    private struct Entry: Sendable {
        let deadline: Duration
        let id: TimerID
        let event: Event

        /// Timers that are due at the same instant fire in the order in which they were set.
        func isBefore(_ other: Entry) -> Bool {
            (deadline, id.sequence) < (other.deadline, other.id.sequence)
        }
    }

    package init() {}

    /// Timers that are still to fire.
    package var pendingCount: Int { live.count }

    /// When the next timer is due; nil when none is set.
    package var nextDeadline: Duration? {
        mutating get {
            discardCancelled()
            return heap.first?.deadline
        }
    }

    /// A deadline in the past is due at once, at the present time.
    @discardableResult
    package mutating func schedule(_ event: Event, at deadline: Duration) -> TimerID {
        let id = TimerID(sequence: nextSequence)
        nextSequence += 1
        live.insert(id)
        heap.append(Entry(deadline: max(deadline, now), id: id, event: event))
        siftUp(from: heap.count - 1)
        return id
    }

    @discardableResult
    package mutating func schedule(_ event: Event, after delay: Duration) -> TimerID {
        schedule(event, at: now + delay)
    }

    /// False when the timer fired already or was cancelled before.
    @discardableResult
    package mutating func cancel(_ id: TimerID) -> Bool {
        live.remove(id) != nil
    }

    /// Moves to the next timer due until `limit` and returns its event; else moves to `limit`.
    ///
    /// One event at a time, because handling it may set timers that are due before the next one.
    package mutating func advance(to limit: Duration) -> Event? {
        precondition(limit >= now, "time does not go back")
        guard let deadline = nextDeadline, deadline <= limit else {
            now = limit
            return nil
        }
        now = max(now, deadline)
        let first = removeFirst()
        live.remove(first.id)
        return first.event
    }

    /// Moves to the next timer, however far away; nil when there is none, and time stands still.
    package mutating func advance() -> Event? {
        guard let deadline = nextDeadline else { return nil }
        return advance(to: max(now, deadline))
    }

    /// Sets the time at once, as after a long pause: timers passed over are due, late, at the new time.
    package mutating func jump(to time: Duration) {
        precondition(time >= now, "time does not go back")
        now = time
    }

    private mutating func discardCancelled() {
        while let first = heap.first, !live.contains(first.id) {
            _ = removeFirst()
        }
    }

    private mutating func removeFirst() -> Entry {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        siftDown(from: 0)
        return first
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[first]) { first = child }
            }
            guard first != parent else { return }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
