// What a histogram says about the recorded values. Each answer is the end of a counter's range that
// the published library gives, so numbers in our reports and in its tools agree to the last digit.

extension HdrHistogram {
    /// A counter that is not zero, with the values that it stands for.
    package struct Bucket: Equatable, Sendable {
        package let values: ClosedRange<Int64>
        package let count: Int64
    }

    /// The lowest value of the first counter in use; 0 when empty.
    package var min: Int64 {
        usedIndexes.first.map(geometry.lowestValue(at:)) ?? 0
    }

    /// The highest value of the last counter in use; 0 when empty.
    package var max: Int64 {
        usedIndexes.last.map(geometry.highestValue(at:)) ?? 0
    }

    /// Each value counts as the middle of its counter; 0 when empty.
    package var mean: Double {
        guard count > 0 else { return 0 }
        let sum = usedIndexes.reduce(0.0) { sum, index in
            sum + Double(counters[index]) * Double(geometry.medianValue(at: index))
        }
        return sum / Double(count)
    }

    /// Of the whole population; 0 when empty.
    package var standardDeviation: Double {
        guard count > 0 else { return 0 }
        let mean = mean
        let squares = usedIndexes.reduce(0.0) { sum, index in
            let deviation = Double(geometry.medianValue(at: index)) - mean
            return sum + Double(counters[index]) * deviation * deviation
        }
        return (squares / Double(count)).squareRoot()
    }

    /// The value that at least `percentile` per cent of the recorded values do not exceed.
    ///
    /// The highest value of the counter where the running count gets there (for 0, the lowest value
    /// of the first one); 0 when empty. A percentile outside 0...100 is taken as the nearer end.
    package func value(atPercentile percentile: Double) -> Int64 {
        guard percentile > 0 else { return min }
        // One step down, as in the library: 100 * k / n per cent of n must not round up to k + 1.
        let fraction = Swift.min(percentile.nextDown, 100) * Double(count) / 100
        let target = Swift.max(Int64(Swift.min(fraction, 0x1p63.nextDown).rounded(.up)), 1)
        var reached: Int64 = 0
        for index in usedIndexes {
            reached += counters[index]
            if reached >= target { return geometry.highestValue(at: index) }
        }
        return max
    }

    /// How many recorded values are in the counters up to the one that `value` falls into.
    package func count(atOrBelow value: Int64) -> Int64 {
        guard value >= 0 else { return 0 }
        let end = Swift.min(geometry.index(of: value) + 1, usedIndexes.upperBound)
        guard end > usedIndexes.lowerBound else { return 0 }
        return counters[usedIndexes.lowerBound..<end].reduce(0, +)
    }

    /// The share of recorded values at or below `value`, in per cent; 100 when empty.
    package func percentile(atOrBelow value: Int64) -> Double {
        count == 0 ? 100 : 100 * Double(count(atOrBelow: value)) / Double(count)
    }

    /// All counters in use, lowest values first: what a chart of the distribution needs.
    package var buckets: [Bucket] {
        usedIndexes.compactMap { index in
            guard counters[index] > 0 else { return nil }
            let values = geometry.lowestValue(at: index)...geometry.highestValue(at: index)
            return Bucket(values: values, count: counters[index])
        }
    }
}
