// Deadlines in order: a binary heap whose entries are cancelled by forgetting their action.

import Linux

/// A timer that can be cancelled.
final class TimerEntry {
    let deadline: MonotonicTime
    fileprivate let order: UInt64
    fileprivate var action: (() -> Void)?

    fileprivate init(deadline: MonotonicTime, order: UInt64, action: @escaping () -> Void) {
        self.deadline = deadline
        self.order = order
        self.action = action
    }

    /// Makes the timer do nothing; safe at any moment and more than once.
    func cancel() { action = nil }

    /// Earlier deadlines first; equal ones in the order in which they were set.
    fileprivate func precedes(_ other: TimerEntry) -> Bool {
        if deadline != other.deadline { return deadline < other.deadline }
        return order < other.order
    }
}

/// All pending timers of a loop.
struct TimerQueue {
    private var heap: [TimerEntry] = []
    private var orderNext: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }

    /// The deadline of the earliest timer; a cancelled one may make the loop wake in vain once.
    var nextDeadline: MonotonicTime? { heap.first?.deadline }

    @discardableResult
    mutating func schedule(
        at deadline: MonotonicTime, _ action: @escaping () -> Void
    ) -> TimerEntry {
        let entry = TimerEntry(deadline: deadline, order: orderNext, action: action)
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
        }
        return nil
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
