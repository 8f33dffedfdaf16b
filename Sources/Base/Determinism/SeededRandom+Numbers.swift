// Numbers drawn from a stream. The standard library has its own `random(in:using:)`, but how many
// words it takes from the generator is not promised across versions; these draws are fixed here.

extension SeededRandom {
    /// Uniform over the 2^53 multiples of 2^-53 in [0, 1).
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// True with the given probability; 0 never, 1 always.
    package mutating func chance(_ probability: Double) -> Bool {
        precondition(probability >= 0 && probability <= 1, "a probability lies in 0...1")
        return uniform() < probability
    }

    /// Exponentially distributed with the given mean: the gaps of a Poisson process of rate 1/mean.
    package mutating func exponential(mean: Double) -> Double {
        precondition(mean > 0 && mean.isFinite, "the mean of a gap is positive")
        // 1 - uniform lies in (0, 1], so the logarithm is finite and the result is at least 0.
        return -mean * ReproducibleMath.log(1 - uniform())
    }

    /// Uniform in 0..<bound without bias.
    ///
    /// Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 2019: the high word of a
    /// 128-bit product is the answer, the low word tells the few draws to reject.
    package mutating func integer(below bound: UInt64) -> UInt64 {
        precondition(bound > 0, "an empty range has no elements")
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let rejected = (0 &- bound) % bound
            while product.low < rejected {
                product = next().multipliedFullWidth(by: bound)
            }
        }
        return product.high
    }

    package mutating func integer(in range: Range<Int>) -> Int {
        let width = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
        return range.lowerBound &+ Int(truncatingIfNeeded: integer(below: width))
    }

    package mutating func integer(in range: ClosedRange<Int>) -> Int {
        let span = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
        let offset = span == .max ? next() : integer(below: span + 1)
        return range.lowerBound &+ Int(truncatingIfNeeded: offset)
    }

    /// Uniform in the range at a resolution of one nanosecond: jitter of timers and pauses.
    package mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let width = (range.upperBound - range.lowerBound).components
        let (nanoseconds, overflow) = width.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        precondition(!overflow, "a range of durations spans less than 292 years")
        let span = nanoseconds + width.attoseconds / 1_000_000_000
        return range.lowerBound + .nanoseconds(Int64(integer(in: 0...Int(span))))
    }
}
