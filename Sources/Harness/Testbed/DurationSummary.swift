// Many measured times in five numbers. Percentiles and extremes, never a mean: what a fault's timing
// is judged by is its worst cases.

import Linux

/// Nearest-rank percentiles of a set of durations; the smallest value that has at least that share
/// of all at or below it, so every figure is a time that was measured.
package struct DurationSummary: Equatable, Sendable {
    package let count: Int
    package let least: Duration
    package let p50: Duration
    package let p99: Duration
    package let most: Duration

    /// Nil without any measurement: an absent figure is not a zero.
    package init?(_ durations: [Duration]) {
        let sorted = durations.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        count = sorted.count
        least = first
        p50 = sorted[Self.rank(50, of: sorted.count)]
        p99 = sorted[Self.rank(99, of: sorted.count)]
        most = last
    }

    private static func rank(_ percent: Int, of count: Int) -> Int {
        let place = (count * percent + 99) / 100 - 1
        assert((0..<count).contains(place), "a rank lies among the values")
        return place
    }
}

extension Duration {
    /// Microseconds with one decimal, as `74.6`; rounded to the nearest, halves away from zero.
    package var microsecondsText: String {
        let tenths = (abs(nanoseconds) + 50) / 100
        return "\(nanoseconds < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }
}
