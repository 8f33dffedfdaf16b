// Time for simulations. A protocol that takes its time as an argument can run through hours of
// elections in a millisecond, and the same seed gives the same interleaving. The clock moves only
// when it is told to, from one due timer to the next.

import Collections

/// A settable clock with a queue of timers; `Event` is what a timer brings back when it is due.
package struct VirtualClock<Event: Sendable>: Sendable {
    /// Names a timer, so that it can be cancelled; never given out twice by one clock.
    package struct TimerID: Hashable, Sendable {
        fileprivate let sequence: UInt64
    }

    /// Time since the simulation began; it never goes back.
    package private(set) var now: Duration = .zero

    private var heap = MinHeap<Entry>()
    /// Timers still to fire; the heap keeps entries of cancelled ones until they come up.
    private var live: Set<TimerID> = []
    private var nextSequence: UInt64 = 0

    private struct Entry: Comparable, Sendable {
        let deadline: Duration
        let id: TimerID
        let event: Event

        /// Timers that are due at the same instant fire in the order in which they were set.
        static func < (left: Entry, right: Entry) -> Bool {
            (left.deadline, left.id.sequence) < (right.deadline, right.id.sequence)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.id == right.id }
    }

    package init() {}

    /// Timers that are still to fire.
    package var pendingCount: Int { live.count }

    /// When the next timer is due; nil when none is set.
    package var nextDeadline: Duration? {
        mutating get {
            discardCancelled()
            return heap.least?.deadline
        }
    }

    /// A deadline in the past is due at once, at the present time.
    @discardableResult
    package mutating func schedule(_ event: Event, at deadline: Duration) -> TimerID {
        let id = TimerID(sequence: nextSequence)
        nextSequence += 1
        live.insert(id)
        heap.insert(Entry(deadline: max(deadline, now), id: id, event: event))
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
        guard let first = heap.takeLeast() else { return nil }
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
        while let first = heap.least, !live.contains(first.id) { _ = heap.takeLeast() }
    }
}
