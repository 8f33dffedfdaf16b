// A distribution over buckets that are fixed beforehand: what Prometheus can add up over nodes and over
// time, and cheap enough to count every request. For percentiles there is HdrHistogram.

package struct FixedHistogram: Equatable, Sendable {
    /// Upper bounds, inclusive and ascending; what lies above the last is in the bucket behind it.
    package let bounds: [Double]
    /// One more than there are bounds; each value is in one of them.
    package private(set) var counts: [Int]
    package private(set) var sum = 0.0

    package init(bounds: [Double]) {
        precondition(!bounds.isEmpty, "a histogram has bounds")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds ascend")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// For latencies in seconds, from half a millisecond to five seconds.
    package static var latency: FixedHistogram {
        FixedHistogram(bounds: [
            0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
        ])
    }

    package var count: Int { counts.reduce(0, +) }

    package mutating func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[bucket] += 1
        sum += value
    }

    package mutating func record(_ duration: Duration) {
        let parts = duration.components
        record(Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    }
}
