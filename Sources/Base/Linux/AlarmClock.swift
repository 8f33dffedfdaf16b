// Waking at a moment rather than after it. A sleeping thread wakes late by what timer, interrupt
// and scheduler cost, on a virtual machine 50-100 us. Most of that is the same every time: so the
// clock learns it, asks to be woken that much earlier, and spins away what is left.

import CLinux

/// How late wake-ups are at least: a running estimate of their tenth percentile.
///
/// A low percentile, since waking too early costs a spin, and waking late costs precision.
package struct WakeLatency: Equatable, Sendable {
    /// 0 <= estimate <= max.
    package private(set) var estimate = Duration.zero

    private var isFresh = true

    package static let max = Duration.microseconds(200)
    private static let step = Duration.microseconds(1)

    package init() {}

    /// Takes one observation in: nine steps down balance one step up in ten.
    package mutating func observe(_ lateness: Duration) {
        var moved = lateness < estimate ? estimate - Self.step * 9 : estimate + Self.step
        if isFresh { moved = lateness / 2 }
        isFresh = false
        estimate = min(Swift.max(moved, .zero), Self.max)
    }
}

/// Waits for moments and descriptors on one thread.
package struct AlarmClock: Sendable {
    package private(set) var latency = WakeLatency()

    package init() {}

    /// Returns once the moment has come or a descriptor is readable; nil waits for the latter.
    ///
    /// Spins for `WakeLatency.max` at most. A readable descriptor ends the sleep, not the spin.
    package mutating func wait(
        until deadline: MonotonicTime?, orReadable first: Int32, _ second: Int32
    ) {
        guard let deadline else {
            _ = fl_poll(first, second, -1)
            return
        }
        let alarm = deadline + (.zero - latency.estimate)
        let timeout = (alarm - .now()).nanoseconds
        if timeout > 0 {
            let isReadable = fl_poll(first, second, timeout) > 0
            if isReadable { return }
            latency.observe(.now() - alarm)
        }
        while MonotonicTime.now() < deadline {}
    }
}
