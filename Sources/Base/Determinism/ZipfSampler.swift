// Popularity of users and keys follows a Zipf law: rank k is drawn with a weight of k^-s. Hot keys
// are what makes caches look good and shards look bad, so a load without them tests little.
//
// The method is rejection-inversion, W. Hörmann and G. Derflinger, "Rejection-inversion to generate
// variates from monotone discrete distributions", ACM TOMACS 6(3), 1996. The weight is bounded by
// the integral of x^-s; one uniform number is sent through the inverse of that integral and the
// nearest rank is accepted nearly always. Unlike the usual YCSB approximation it is exact, needs
// no table, and works for s = 1 and for s < 1 as well.

/// Draws ranks 1...count with probability proportional to rank^-exponent, in constant time.
package struct ZipfSampler: Equatable, Sendable {
    package let count: Int
    package let exponent: Double

    /// The integral at the upper edge of rank 1, less the whole weight of rank 1 (which is 1).
    private let integralFirst: Double
    /// The integral at the upper edge of the last rank.
    private let integralLast: Double
    /// Ranks at most this far above the drawn point need no second look.
    private let acceptedDistance: Double

    /// Exponent 0 is uniform; 0.99 is what YCSB uses; above 1 a handful of ranks take most draws.
    package init(count: Int, exponent: Double) {
        precondition(count >= 1, "there must be a rank to draw")
        precondition(exponent >= 0 && exponent.isFinite, "popularity falls with the rank")
        self.count = count
        self.exponent = exponent
        integralFirst = Self.integral(1.5, exponent) - 1
        integralLast = Self.integral(Double(count) + 0.5, exponent)
        let edge = Self.integral(2.5, exponent) - Self.weight(2, exponent)
        acceptedDistance = 2 - Self.inverse(edge, exponent)
    }

    package func sample(using random: inout SeededRandom) -> Int {
        while true {
            // The interval is open at `integralFirst`: uniform() never gives 1.
            let point = integralLast + random.uniform() * (integralFirst - integralLast)
            let position = Self.inverse(point, exponent)
            let nearest = Int(min(max(position + 0.5, 1), Double(count)))
            let rank = Double(nearest)
            if rank - position <= acceptedDistance
                || point >= Self.integral(rank + 0.5, exponent) - Self.weight(rank, exponent)
            {
                return nearest
            }
        }
    }

    /// x^-s.
    private static func weight(_ x: Double, _ exponent: Double) -> Double {
        ReproducibleMath.exp(-exponent * ReproducibleMath.log(x))
    }

    /// The integral of t^-s from 1 to x, that is (x^(1-s) - 1) / (1-s), and ln x when s = 1.
    private static func integral(_ x: Double, _ exponent: Double) -> Double {
        let logarithm = ReproducibleMath.log(x)
        let power = (1 - exponent) * logarithm
        // expm1(power) / power tends to 1 with power, so s = 1 is no special case in the limit.
        return power == 0 ? logarithm : logarithm * ReproducibleMath.expm1(power) / power
    }

    private static func inverse(_ y: Double, _ exponent: Double) -> Double {
        // Rounding may push the product past the pole at -1 for large exponents.
        let scaled = max(y * (1 - exponent), (-1.0).nextUp)
        let logarithm = scaled == 0 ? y : y * ReproducibleMath.log1p(scaled) / scaled
        return ReproducibleMath.exp(logarithm)
    }
}
