// Deadlines in order: a binary heap whose entries are cancelled by forgetting their action.
//
// Nearly every timer is cancelled, since nearly every wait ends before its deadline: a kept
// connection leaves one of 75 s behind with each request. So the heap is swept as soon as most of
// it is cancelled, which costs each entry a constant share.

import Linux

/// A timer that can be cancelled.
final class TimerEntry {
    let deadline: MonotonicTime
    fileprivate let order: UInt64
    fileprivate var action: (() -> Void)?
    private let tally: CancelTally

    fileprivate init(
        deadline: MonotonicTime, order: UInt64, tally: CancelTally, action: @escaping () -> Void
    ) {
        self.deadline = deadline
        self.order = order
        self.tally = tally
        self.action = action
    }

    /// Makes the timer do nothing; safe at any moment and more than once.
    func cancel() {
        if action == nil { return }
        action = nil
        tally.count += 1
    }

    /// Earlier deadlines first; equal ones in the order in which they were set.
    fileprivate func precedes(_ other: TimerEntry) -> Bool {
        if deadline != other.deadline { return deadline < other.deadline }
        return order < other.order
    }
}

/// Cancelled timers that still lie in the heap.
private final class CancelTally {
    var count = 0
}

/// All pending timers of a loop.
struct TimerQueue {
    private static let sweepMin = 256

    private var heap: [TimerEntry] = []
    private var orderNext: UInt64 = 0
    private let tally = CancelTally()

    var isEmpty: Bool { heap.isEmpty }

    /// Entries held, cancelled ones among them.
    var count: Int { heap.count }

    /// The deadline of the earliest timer; a cancelled one may make the loop wake in vain once.
    var nextDeadline: MonotonicTime? { heap.first?.deadline }

    @discardableResult
    mutating func schedule(
        at deadline: MonotonicTime, _ action: @escaping () -> Void
    ) -> TimerEntry {
        sweepIfMostlyCancelled()
        let entry = TimerEntry(
            deadline: deadline, order: orderNext, tally: tally, action: action)
        orderNext += 1
        heap.append(entry)
        siftUp(heap.count - 1)
        return entry
    }

    /// Takes the action of the earliest timer that is due; nil when none is.
    mutating func takeDue(at now: MonotonicTime) -> (() -> Void)? {
        while let first = heap.first, first.deadline <= now {
            removeFirst()
            if let action = first.action {
                first.action = nil
                return action
            }
            tally.count -= 1
        }
        return nil
    }

    private mutating func sweepIfMostlyCancelled() {
        guard tally.count >= Self.sweepMin, tally.count * 2 > heap.count else { return }
        heap.removeAll { $0.action == nil }
        // In order is in heap order.
        heap.sort { $0.precedes($1) }
        tally.count = 0
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
