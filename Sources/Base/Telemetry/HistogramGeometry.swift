// The layout of an HDR histogram: which values share a counter.
//
// Counters are grouped into buckets. Bucket 0 has `subBucketCount` counters of one unit each; each
// later bucket covers twice the range of the one before with counters twice as wide. The lower
// half of a later bucket would repeat what the buckets before it cover, so only its upper half is
// stored:
//
//     index   0 ........ half-1 | half ..... count-1 | count .... count+half-1 | ...
//     value   0 ........ half-1 | half ..... count-1 | count .... 2*count-1    | ...
//     width          1          |         1          |          2              | 4 ...
//
// A counter is never wider than its lowest value divided by half the sub-bucket count, which makes
// the relative error at most 10^-digits everywhere. One unit is the largest power of two that is
// not above the lowest discernible value.
//
// Facts: HdrHistogram (Gil Tene), AbstractHistogram.init and countsArrayIndex, revision de84b0a.

/// How values map to counters and back; two equal geometries have the same counters.
struct HistogramGeometry: Equatable, Sendable {
    let lowestDiscernible: Int64
    let highestTrackable: Int64
    /// Decimal digits kept of every value: 0...5, as the encoded form allows.
    let significantDigits: Int

    /// log2 of the width of a counter in bucket 0.
    let unitMagnitude: Int
    /// log2 of half of `subBucketCount`.
    let halfMagnitude: Int
    /// The number of counters: 0 <= index < countersCount.
    let countersCount: Int

    var subBucketCount: Int { 2 << halfMagnitude }

    /// nil when no layout exists for these bounds.
    init?(lowestDiscernible: Int64, highestTrackable: Int64, significantDigits: Int) {
        guard lowestDiscernible >= 1, highestTrackable / 2 >= lowestDiscernible else { return nil }
        guard (0...5).contains(significantDigits) else { return nil }
        self.lowestDiscernible = lowestDiscernible
        self.highestTrackable = highestTrackable
        self.significantDigits = significantDigits

        unitMagnitude = 63 - lowestDiscernible.leadingZeroBitCount
        // Smallest power of two that tells apart 2 * 10^digits values.
        let resolution = (0..<significantDigits).reduce(2) { product, _ in product * 10 }
        halfMagnitude = Int.bitWidth - (resolution - 1).leadingZeroBitCount - 1
        guard unitMagnitude + halfMagnitude <= 61 else { return nil }

        let untrackable = Int64(2) << (unitMagnitude + halfMagnitude)
        let buckets = Self.bucketsNeeded(from: untrackable, toCover: highestTrackable)
        countersCount = (buckets + 1) << halfMagnitude
    }

    /// Buckets until `value` is covered, when the first one ends before `untrackable`.
    private static func bucketsNeeded(from untrackable: Int64, toCover value: Int64) -> Int {
        var (buckets, end) = (1, untrackable)
        while end <= value {
            buckets += 1
            guard end <= Int64.max / 2 else { break }
            end *= 2
        }
        return buckets
    }

    /// The counter of a value; at or beyond `countersCount` for values that are too large.
    func index(of value: Int64) -> Int {
        assert(value >= 0, "there are no counters below zero")
        let floor = Int64(subBucketCount - 1) << unitMagnitude
        let bits = 64 - (value | floor).leadingZeroBitCount
        let bucket = bits - unitMagnitude - halfMagnitude - 1
        let position = Int(value >> (bucket + unitMagnitude))
        return (bucket << halfMagnitude) + position
    }

    /// The smallest value that the counter stands for.
    func lowestValue(at index: Int) -> Int64 {
        let bucket = bucket(of: index)
        return Int64(index - (bucket << halfMagnitude)) << (bucket + unitMagnitude)
    }

    /// The largest value that the counter stands for.
    func highestValue(at index: Int) -> Int64 {
        lowestValue(at: index) + (width(at: index) - 1)
    }

    /// The value in the middle of the counter's range, rounded up.
    func medianValue(at index: Int) -> Int64 {
        lowestValue(at: index) + width(at: index) / 2
    }

    private func width(at index: Int) -> Int64 {
        1 << (bucket(of: index) + unitMagnitude)
    }

    /// Bucket 0 holds two halves' worth of counters, every other bucket one.
    private func bucket(of index: Int) -> Int {
        max((index >> halfMagnitude) - 1, 0)
    }

    /// Whether an index means the same values in both, up to the shorter one's end.
    func sharesIndexes(with other: HistogramGeometry) -> Bool {
        unitMagnitude == other.unitMagnitude && halfMagnitude == other.halfMagnitude
    }
}
