// A deadline that moves with every request. Setting a timer and cancelling it a millisecond later costs
// an allocation and a heap operation each time; here the heap keeps an entry for the earliest moment
// ever asked for, and when that comes the timer looks whether the deadline has moved on since.

package import Linux

/// Calls back once its deadline has passed; the deadline may be moved at any time and at no cost.
@ReactorActor
package final class LazyTimer {
    private var due = MonotonicTime.distantFuture
    private var armed = MonotonicTime.distantFuture
    private var entry: TimerEntry?
    private let action: @ReactorActor () -> Void

    /// The action must not hold the timer's owner, or neither is ever freed.
    package init(_ action: @escaping @ReactorActor () -> Void) { self.action = action }

    isolated deinit { entry?.cancel() }

    /// Moves the deadline, to an earlier or a later moment.
    package func set(_ deadline: MonotonicTime) {
        due = deadline
        if deadline < armed { arm() }
    }

    /// Calls back no more until the next `set`.
    package func cancel() {
        due = .distantFuture
        armed = .distantFuture
        entry?.cancel()
        entry = nil
    }

    private func arm() {
        entry?.cancel()
        armed = due
        // Unowned: the entry is cancelled with the timer, and a weak reference would cost more memory
        // than the timer itself.
        entry = Reactor.main.timers.schedule(at: due) { [unowned self] in
            ReactorActor.assumeIsolated { fire() }
        }
    }

    private func fire() {
        entry = nil
        armed = .distantFuture
        if due > .now() {
            if due != .distantFuture { arm() }
            return
        }
        due = .distantFuture
        action()
    }
}
