// Deadlines in order: a heap whose entries are cancelled by forgetting their action.
//
// Nearly every timer is cancelled, since nearly every wait ends before its deadline: a kept
// connection leaves one of 75 s behind with each request. So the heap is swept as soon as most of
// it is cancelled, which costs each entry a constant share.

import Collections
import Linux

/// A timer that can be cancelled.
final class TimerEntry: Comparable {
    let deadline: MonotonicTime
    private let order: UInt64
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
    static func < (left: TimerEntry, right: TimerEntry) -> Bool {
        (left.deadline, left.order) < (right.deadline, right.order)
    }

    static func == (left: TimerEntry, right: TimerEntry) -> Bool { left === right }
}

/// Cancelled timers that still lie in the heap.
private final class CancelTally {
    var count = 0
}

/// All pending timers of a loop.
struct TimerQueue {
    private static let sweepMin = 256

    private var heap = MinHeap<TimerEntry>()
    private var orderNext: UInt64 = 0
    private let tally = CancelTally()

    /// The deadline of the earliest timer, the distant future when there is none; a cancelled one may
    /// make the loop wake in vain once.
    private(set) var nextDeadline = MonotonicTime.distantFuture

    var isEmpty: Bool { heap.isEmpty }

    /// Entries held, cancelled ones among them.
    var count: Int { heap.count }

    @discardableResult
    mutating func schedule(
        at deadline: MonotonicTime, _ action: @escaping () -> Void
    ) -> TimerEntry {
        sweepIfMostlyCancelled()
        let entry = TimerEntry(
            deadline: deadline, order: orderNext, tally: tally, action: action)
        orderNext += 1
        heap.insert(entry)
        nextDeadline = min(nextDeadline, deadline)
        return entry
    }

    /// Takes the action of the earliest timer that is due; nil when none is.
    mutating func takeDue(at now: MonotonicTime) -> (() -> Void)? {
        guard nextDeadline <= now else { return nil }
        defer { nextDeadline = heap.least?.deadline ?? .distantFuture }
        while let first = heap.least, first.deadline <= now {
            _ = heap.takeLeast()
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
        heap.keep { $0.action != nil }
        tally.count = 0
        nextDeadline = heap.least?.deadline ?? .distantFuture
    }
}
