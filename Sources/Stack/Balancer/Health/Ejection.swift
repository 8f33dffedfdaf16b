// Whether one backend is set aside as an outlier, and until when. Each time in a row is longer than
// the last (Envoy's base_ejection_time times the number of ejections), and an interval without one
// takes a step back, so that a backend which flaps is tried ever more rarely and one that has mended
// is soon trusted as before.

import Linux

/// Why a backend was set aside.
package enum EjectionReason: String, Sendable {
    case consecutiveFailures = "consecutive failures"
    case successRate = "success rate"
    case latency
}

struct Ejection: Sendable {
    private(set) var until: MonotonicTime?
    private(set) var reason: EjectionReason?
    /// In a row, each making the next one longer.
    private(set) var count = 0

    var isActive: Bool { until != nil }

    mutating func begin(
        _ reason: EjectionReason, at now: MonotonicTime, base: Duration, max: Duration
    ) {
        count += 1
        self.reason = reason
        until = now + Swift.min(base * count, max)
    }

    /// True when it ends now.
    mutating func endIfDue(at now: MonotonicTime) -> Bool {
        guard let until, until <= now else { return false }
        end()
        return true
    }

    mutating func end() {
        until = nil
        reason = nil
    }

    /// An interval in which nothing was wrong.
    mutating func forgive() {
        if until == nil { count = Swift.max(0, count - 1) }
    }
}
