// Whether a dependency is worth another call (Nygard, "Release It!", chapter "Stability Patterns"):
// pure, so that the rules can be shown in a table.

import Linux

/// Opens after failures in a row, then lets one call through a pause to see whether to close.
struct CircuitBreaker {
    private let failuresMax: Int
    private let pause: Duration
    private let probeTimeout: Duration
    private var failures = 0
    /// Nobody may call before; nil while calls are let through.
    private var openUntil: MonotonicTime?

    init(failuresMax: Int, pause: Duration, probeTimeout: Duration) {
        precondition(failuresMax > 0, "a breaker opens upon a failure")
        self.failuresMax = failuresMax
        self.pause = pause
        self.probeTimeout = probeTimeout
    }

    /// Since some failures in a row, until a success.
    var isOpen: Bool { openUntil != nil }

    /// True when a call may be made now; when open, that call is the only one until it has ended.
    mutating func allows(at now: MonotonicTime) -> Bool {
        guard let openUntil else { return true }
        if now < openUntil { return false }
        self.openUntil = now + probeTimeout + pause
        return true
    }

    mutating func noteSuccess() {
        failures = 0
        openUntil = nil
    }

    mutating func noteFailure(at now: MonotonicTime) {
        failures += 1
        if failures >= failuresMax { openUntil = now + pause }
    }
}
