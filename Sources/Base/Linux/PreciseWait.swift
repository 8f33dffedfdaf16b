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
