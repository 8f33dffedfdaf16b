// Latencies are kept whole: a histogram with a bounded relative error and a fixed size, so that a
// p99.99 is as good as a median and histograms of nodes, phases and seconds can be added up. Means
// of percentiles, in contrast, mean nothing. The layout and the encoded form are those of the
// HdrHistogram library, so that its tools read our logs.

/// A high dynamic range histogram of non-negative integers, with 64-bit counters.
package struct HdrHistogram: Equatable, Sendable {
    /// All counters sum to this; it does not overflow.
    package private(set) var count: Int64 = 0

    let geometry: HistogramGeometry
    private(set) var counters: [Int64]
    /// Every counter that is not zero lies in this range of indexes; empty when `count` is zero.
    private(set) var usedIndexes: Range<Int> = 0..<0

    /// Values are told apart to `significantDigits` decimal digits up to the highest trackable value.
    ///
    /// With microseconds, 1 to 3,600,000,000 at 3 digits takes 23,552 counters (184 KiB).
    package init(
        lowestDiscernible: Int64 = 1, highestTrackable: Int64, significantDigits: Int = 3
    ) {
        precondition((1...5).contains(significantDigits), "1 to 5 significant digits")
        let geometry = HistogramGeometry(
            lowestDiscernible: lowestDiscernible, highestTrackable: highestTrackable,
            significantDigits: significantDigits)
        guard let geometry else {
            preconditionFailure(
                "the highest value must be at least twice the lowest, that at least 1")
        }
        self.init(geometry: geometry)
    }

    init(geometry: HistogramGeometry) {
        self.geometry = geometry
        counters = [Int64](repeating: 0, count: geometry.countersCount)
    }

    package var lowestDiscernible: Int64 { geometry.lowestDiscernible }
    package var highestTrackable: Int64 { geometry.highestTrackable }
    package var significantDigits: Int { geometry.significantDigits }
    package var isEmpty: Bool { count == 0 }

    /// False when the value is negative or has no counter; nothing is recorded then.
    ///
    /// The last bucket may reach beyond the highest trackable value: such values are recorded.
    package mutating func record(_ value: Int64, count added: Int64 = 1) -> Bool {
        precondition(added >= 0, "a histogram does not forget")
        guard value >= 0 else { return false }
        let index = geometry.index(of: value)
        guard index < counters.count else { return false }
        add(added, at: index)
        return true
    }

    /// Records a value beyond the range at its nearest end: a late answer must not go missing.
    package mutating func recordClamped(_ value: Int64, count added: Int64 = 1) {
        precondition(added >= 0, "a histogram does not forget")
        add(added, at: geometry.index(of: Swift.min(Swift.max(value, 0), highestTrackable)))
    }

    /// Adds all of the other's counts; on an error nothing is added.
    ///
    /// With another layout each of its counters is recorded here at the lowest value it stands for.
    package mutating func merge(_ other: HdrHistogram) throws(HistogramError) {
        guard let last = other.usedIndexes.last else { return }
        guard !count.addingReportingOverflow(other.count).overflow else { throw .countOverflow }
        let highest = other.geometry.lowestValue(at: last)
        guard geometry.index(of: highest) < counters.count else {
            throw .valueBeyondRange(highest, highestTrackable: highestTrackable)
        }
        let shared = geometry.sharesIndexes(with: other.geometry)
        for index in other.usedIndexes where other.counters[index] != 0 {
            let own = shared ? index : geometry.index(of: other.geometry.lowestValue(at: index))
            add(other.counters[index], at: own)
        }
    }

    /// Forgets all counts and keeps the layout.
    package mutating func reset() {
        for index in usedIndexes {
            counters[index] = 0
        }
        usedIndexes = 0..<0
        count = 0
    }

    /// The total bounds every counter, so only its addition is checked (and traps).
    mutating func add(_ added: Int64, at index: Int) {
        guard added > 0 else { return }
        count += added
        counters[index] &+= added
        if usedIndexes.isEmpty {
            usedIndexes = index..<index + 1
        } else if !usedIndexes.contains(index) {
            let first = Swift.min(index, usedIndexes.lowerBound)
            usedIndexes = first..<Swift.max(index + 1, usedIndexes.upperBound)
        }
    }
}
