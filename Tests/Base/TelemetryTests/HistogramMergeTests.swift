// Adding histograms up: the sum must be what one histogram of all values would have been.

import Determinism
import Testing

@testable import Telemetry

@Suite struct HistogramMergeTests {
    @Test func `a merge equals recording everything in one`() throws {
        var random = SeededRandom(seed: 8)
        var parts = (0..<3).map { _ in HdrHistogram(highestTrackable: 1_000_000) }
        var whole = HdrHistogram(highestTrackable: 1_000_000)
        for _ in 0..<3000 {
            let value = Int64(random.integer(in: 0...1_000_000))
            parts[random.integer(in: 0..<3)].recordClamped(value)
            whole.recordClamped(value)
        }
        var sum = HdrHistogram(highestTrackable: 1_000_000)
        for part in parts { try sum.merge(part) }
        #expect(sum == whole)
    }

    @Test func `a smaller range of the same layout adds counter by counter`() throws {
        var wide = HdrHistogram(of: [7, 900_000], highest: 1_000_000)
        try wide.merge(HdrHistogram(of: [7, 4001], highest: 5000))
        #expect(wide == HdrHistogram(of: [7, 7, 4001, 900_000], highest: 1_000_000))
    }

    @Test func `another precision adds the lowest value of each counter`() throws {
        var coarse = HdrHistogram(highestTrackable: 1_000_000, significantDigits: 1)
        try coarse.merge(HdrHistogram(of: [123_456], highest: 1_000_000))
        var expected = HdrHistogram(highestTrackable: 1_000_000, significantDigits: 1)
        expected.recordClamped(123_456)
        #expect(coarse == expected)
    }

    @Test func `what does not fit is refused as a whole`() {
        var narrow = HdrHistogram(of: [5], highest: 2000)
        let before = narrow
        let wide = HdrHistogram(of: [6, 900_000], highest: 1_000_000)
        #expect(throws: HistogramError.self) { try narrow.merge(wide) }
        #expect(narrow == before)
    }

    @Test func `a sum of counts that overflows is refused`() {
        var full = HdrHistogram(highestTrackable: 1000)
        full.recordClamped(1, count: .max)
        let before = full
        let one = HdrHistogram(of: [2], highest: 1000)
        #expect(throws: HistogramError.countOverflow) { try full.merge(one) }
        #expect(full == before)
    }

    @Test func `merging nothing changes nothing`() throws {
        var histogram = HdrHistogram(of: [5], highest: 1000)
        try histogram.merge(HdrHistogram(highestTrackable: 1_000_000_000))
        #expect(histogram == HdrHistogram(of: [5], highest: 1000))
    }
}
