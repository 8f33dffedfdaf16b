// Waiting on the calling thread, to the nanosecond that the kernel's timers allow.

import CLinux

/// Waiting with the precision of a high-resolution timer, for a thread with its own clock.
package enum PreciseWait {
    /// ppoll(2) until either descriptor is readable or the time has come; nil waits for ever.
    package static func until(_ deadline: MonotonicTime?, orReadable first: Int32, _ second: Int32)
    {
        let timeout = deadline.map { max(0, ($0 - .now()).nanoseconds) } ?? -1
        _ = fl_poll(first, second, timeout)
    }

    /// ppoll(2) on nothing, for a step that has no descriptor to wait on.
    package static func pause(_ length: Duration) {
        _ = fl_poll(-1, -1, max(0, length.nanoseconds))
    }
}

/// How soon the calling thread runs once it is woken.
package enum Urgency {
    package enum Outcome: Sendable {
        /// SCHED_FIFO: before every normal thread, at once.
        case realTime
        /// A normal thread with a short slice, whose deadline comes sooner (EEVDF, sched(7)).
        case shortSlice
        case unchanged
    }

    /// Takes the best that the host allows: real time needs CAP_SYS_NICE on the host, the short
    /// slice nothing. A higher priority comes before a lower one.
    @discardableResult
    package static func raise(priority: UInt32) -> Outcome {
        precondition((1...99).contains(priority), "SCHED_FIFO knows 1...99")
        if fl_set_scheduling(priority, 0) == 0 { return .realTime }
        return fl_set_scheduling(0, 100_000) == 0 ? .shortSlice : .unchanged
    }
}
