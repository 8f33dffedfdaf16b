// Two clocks that must never be mixed: the monotonic one, which orders and measures, and the wall
// clock, which only labels. A chaos harness skews wall clocks, so nothing is ever timed by one.

import CLinux
import Glibc

/// A point on CLOCK_MONOTONIC; the same in every process of one host and time namespace.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func now() -> MonotonicTime {
        MonotonicTime(nanoseconds: readClock(CLOCK_MONOTONIC))
    }

    /// Further away than any run lasts, for "no deadline".
    package static let distantFuture = MonotonicTime(nanoseconds: .max)

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func + (left: MonotonicTime, right: Duration) -> MonotonicTime {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        if overflow { return right < .zero ? MonotonicTime(nanoseconds: .min) : .distantFuture }
        return MonotonicTime(nanoseconds: sum)
    }

    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        let (difference, overflow) = left.nanoseconds
            .subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }
}

/// A point on CLOCK_REALTIME, for labels alone.
package struct WallTime: Comparable, Hashable, Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func now() -> WallTime { WallTime(nanoseconds: readClock(CLOCK_REALTIME)) }

    package static func < (left: WallTime, right: WallTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// RFC 3339 in UTC with microseconds, as `2026-11-24T05:58:37.000123Z`.
    package var rfc3339: String {
        let fields = utcFields
        let micros = (nanoseconds - wholeSeconds * 1_000_000_000) / 1000
        return "\(fields.date)T\(fields.time).\(padded(Int(micros), 6))Z"
    }

    /// UTC to the second without colons, fit for a folder's name, as `20261124T055837Z`.
    package var compact: String {
        let fields = utcFields
        return (fields.date + "T" + fields.time + "Z").filter { $0 != "-" && $0 != ":" }
    }

    /// Rounded down, also before 1970.
    private var wholeSeconds: Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    private var utcFields: (date: String, time: String) {
        var seconds = time_t(wholeSeconds)
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &parts)
        let (year, month, day) = unsafe (parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        let (hour, minute, second) = unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec)
        return (
            "\(padded(Int(year), 4))-\(padded(Int(month), 2))-\(padded(Int(day), 2))",
            "\(padded(Int(hour), 2)):\(padded(Int(minute), 2)):\(padded(Int(second), 2))"
        )
    }
}

extension Duration {
    /// The whole length in nanoseconds; saturates past 292 years either way.
    package var nanoseconds: Int64 {
        // A billion is 2^9 times 5^9: what fits into 64 bits once the first is taken off, 78 minutes and
        // less, needs no division of 128 bits, and every deadline of every request passes here.
        let share = attoseconds >> 9
        let low = Int64(truncatingIfNeeded: share)
        if low >= 0, Int128(low) == share { return low / 1_953_125 }
        return wholeNanoseconds
    }

    private var wholeNanoseconds: Int64 {
        let parts = components
        let (whole, overflow) = parts.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return parts.seconds < 0 ? .min : .max }
        let (sum, carry) = whole.addingReportingOverflow(parts.attoseconds / 1_000_000_000)
        return carry ? (parts.seconds < 0 ? .min : .max) : sum
    }

    /// The length in seconds, for arithmetic and print.
    package var seconds: Double { Double(nanoseconds) / 1e9 }
}

private func readClock(_ clock: clockid_t) -> Int64 {
    var value = timespec()
    let result = unsafe clock_gettime(clock, &value)
    precondition(result == 0, "clock_gettime cannot fail for a clock that exists")
    return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
