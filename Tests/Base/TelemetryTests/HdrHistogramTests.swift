// The layout and the statistics, against facts of the published library and against exact sorting.

import Determinism
import Testing

@testable import Telemetry

@Suite struct HdrHistogramTests {
    private static let hour: Int64 = 3_600_000_000

    @Test func `the layout has the published size`() {
        let geometry = HdrHistogram(highestTrackable: Self.hour).geometry
        #expect(geometry.subBucketCount == 2048)
        #expect(geometry.countersCount == 23552)
        #expect(geometry.unitMagnitude == 0)
        #expect(geometry.halfMagnitude == 10)
    }

    @Test(
        arguments: [
            (8180, 8183),
            (8191, 8191),
            (8193, 8199),
            (9995, 9999),
            (10007, 10007),
            (10008, 10015),
            (8_376_320, 8_380_415),  // 8180 KiB, 8184 KiB - 1
            (10_248_192, 10_256_383),  // 10008 KiB, 10016 KiB - 1
        ] as [(Int64, Int64)])
    func `equivalent values end where they do in the library`(value: Int64, highest: Int64) {
        let geometry = HdrHistogram(highestTrackable: Self.hour).geometry
        #expect(geometry.highestValue(at: geometry.index(of: value)) == highest)
    }

    @Test(arguments: [1, 3, 1000, 1024], 0...5)
    func `every counter maps to its values and they map back`(lowest: Int64, digits: Int) throws {
        let geometry = try #require(
            HistogramGeometry(
                lowestDiscernible: lowest, highestTrackable: lowest * 40_000,
                significantDigits: digits))
        var (next, mismatches) = (Int64(0), 0)
        for index in 0..<geometry.countersCount {
            let (low, high) = (geometry.lowestValue(at: index), geometry.highestValue(at: index))
            let mapsBack = geometry.index(of: low) == index && geometry.index(of: high) == index
            mismatches += low == next && mapsBack ? 0 : 1
            next = high + 1
        }
        #expect(mismatches == 0)
        #expect(next > geometry.highestTrackable)
    }

    @Test func `the widest layout reaches the largest integer`() {
        var histogram = HdrHistogram(highestTrackable: .max)
        histogram.recordClamped(.max)
        #expect(histogram.max == .max)
        #expect(histogram.value(atPercentile: 50) == .max)
    }

    @Test(arguments: [
        (0, 100, 3),  // below the unit
        (60, 100, 3),  // less than one doubling
        (1, 100, 6),  // too many digits
        (1, 100, -1),
        (1 << 61, .max, 3),  // a bucket would not fit into 63 bits
    ])
    func `impossible layouts are refused`(lowest: Int64, highest: Int64, digits: Int) {
        #expect(
            HistogramGeometry(
                lowestDiscernible: lowest, highestTrackable: highest, significantDigits: digits)
                == nil)
    }

    @Test func `values beyond the last counter are refused or clamped, as asked`() {
        // HdrHistogram_py: with 4 digits the layout for 1000 reaches to 32767.
        var histogram = HdrHistogram(highestTrackable: 1000, significantDigits: 4)
        let accepted = [32767, 32768, -1].map { histogram.record($0) }
        #expect(accepted == [true, false, false])
        #expect(histogram.count == 1)
        histogram.recordClamped(1 << 40)
        histogram.recordClamped(-5)
        #expect(histogram.count == 3)
        #expect(histogram.count(atOrBelow: 0) == 1)
        #expect(histogram.count(atOrBelow: 1000) == 2)
    }

    @Test func `an empty histogram answers zero`() {
        let histogram = HdrHistogram(highestTrackable: Self.hour)
        #expect(histogram.min == 0 && histogram.max == 0)
        #expect(histogram.mean == 0 && histogram.standardDeviation == 0)
        #expect(histogram.value(atPercentile: 99) == 0)
        #expect(histogram.buckets.isEmpty && histogram.isEmpty)
        #expect(histogram.percentile(atOrBelow: 5) == 100)
    }

    @Test func `mean and deviation count the middle of a counter`() {
        // HdrHistogram_py test_mean_stddev: 3000 lies in a counter of two values.
        let histogram = HdrHistogram(of: [1000, 1000, 3000, 3000], highest: Self.hour)
        #expect(histogram.mean == 2000.5)
        #expect(histogram.standardDeviation == 1000.5)
    }

    @Test(
        arguments: [
            (33.33, 10), (33.34, 20), (66.66, 20), (66.67, 30), (99.99, 30),
        ] as [(Double, Int64)])
    func `percentiles step up to the next of three values`(percentile: Double, value: Int64) {
        let histogram = HdrHistogram(of: [30, 10, 20], highest: 1000)
        #expect(histogram.value(atPercentile: percentile) == value)
    }

    @Test(arguments: [1, 3, 7, 10, 49, 100, 1000])
    func `the share of the first k of n values leads back to the value k`(count: Int64) {
        // HdrHistogram's testValueAtPercentileMatchesPercentile: rounding must not skip a value.
        let histogram = HdrHistogram(of: Array(1...count), highest: 100_000)
        for rank in 1...count {
            #expect(histogram.value(atPercentile: 100 * Double(rank) / Double(count)) == rank)
        }
    }

    @Test func `the ends of the percentiles are the ends of the values`() {
        let histogram = HdrHistogram(of: [5000, 70_000], highest: Self.hour)
        #expect(histogram.value(atPercentile: 0) == histogram.min)
        #expect(histogram.value(atPercentile: -3) == histogram.min)
        #expect(histogram.value(atPercentile: 100) == histogram.max)
        #expect(histogram.value(atPercentile: 200) == histogram.max)
        #expect(histogram.min == 5000)
        #expect(histogram.max == 70_015)
    }

    @Test(arguments: 1...5)
    func `percentiles of random data match an exact sort within the promised error`(digits: Int) {
        var random = SeededRandom(seed: 42).fork("digits \(digits)")
        var histogram = HdrHistogram(highestTrackable: Self.hour, significantDigits: digits)
        // A lognormal-like body with a long tail: the product of exponentials.
        let values = (0..<20_000).map { _ in
            min(Int64(random.exponential(mean: 100) * random.exponential(mean: 5000)), Self.hour)
        }
        for value in values { histogram.recordClamped(value) }
        let sorted = values.sorted()
        let tolerance = (0..<digits).reduce(1.0) { error, _ in error / 10 }
        for percentile in [0.1, 1, 5, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100] {
            let rank = Int((percentile.nextDown / 100 * Double(sorted.count)).rounded(.up))
            let exact = Double(sorted[max(rank, 1) - 1])
            let found = Double(histogram.value(atPercentile: percentile))
            #expect(found >= exact && found <= exact * (1 + tolerance) + 1, "\(percentile)")
        }
        #expect(histogram.count == 20_000)
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == 20_000)
        let exactMean = Double(values.reduce(0, +)) / 20_000
        #expect((histogram.mean / exactMean - 1).magnitude < tolerance)
    }

    @Test func `the share below a threshold counts the threshold's own counter`() {
        let histogram = HdrHistogram(of: [10, 20, 30, 40], highest: 1000)
        #expect(histogram.count(atOrBelow: 30) == 3)
        #expect(histogram.count(atOrBelow: 29) == 2)
        #expect(histogram.count(atOrBelow: 5) == 0)
        #expect(histogram.count(atOrBelow: -1) == 0)
        #expect(histogram.count(atOrBelow: .max) == 4)
        #expect(histogram.percentile(atOrBelow: 20) == 50)
    }

    @Test func `reset forgets the counts and keeps the layout`() {
        var histogram = HdrHistogram(of: [1, 500_000], highest: Self.hour)
        histogram.reset()
        #expect(histogram == HdrHistogram(highestTrackable: Self.hour))
    }
}

extension HdrHistogram {
    init(of values: [Int64], highest: Int64) {
        self.init(highestTrackable: highest)
        for value in values { recordClamped(value) }
    }
}
