// The normal distribution: draws from it and its distribution function, in arithmetic that gives the
// same bits everywhere.

/// The standard normal distribution.
package enum NormalDistribution {
    /// The share of draws below `z`, to 8e-8 (Abramowitz and Stegun, 26.2.17).
    package static func cumulative(_ z: Double) -> Double {
        let t = 1 / (1 + 0.231_641_9 * z.magnitude)
        let factors = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429]
        let polynomial = factors.reversed().reduce(0) { ($0 + $1) * t }
        let tail = 0.398_942_280_401_432_7 * ReproducibleMath.exp(-z * z / 2) * polynomial
        return z < 0 ? tail : 1 - tail
    }

    /// The value below which `share` of the draws lie, by bisection; within -8...8.
    package static func quantile(_ share: Double) -> Double {
        var (low, high) = (-8.0, 8.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if cumulative(middle) < share { low = middle } else { high = middle }
        }
        return low
    }
}

/// The Pareto distribution of shape 3, moved and scaled to mean 0 and standard deviation 1.
package enum ParetoDistribution {
    /// The tail is cut here, so that no packet is held for ever: one draw in a thousand is above.
    package static let deviationMax = 10.0
    private static let shape = 3.0
    private static let mean = 1.5
    private static let standardDeviation = 0.866_025_403_784_438_6

    /// The value below which `share` of the draws lie; 0 <= share < 1.
    package static func quantile(_ share: Double) -> Double {
        guard share < 1 else { return deviationMax }
        let value = ReproducibleMath.exp(-ReproducibleMath.log(1 - share) / shape)
        return min(deviationMax, (value - mean) / standardDeviation)
    }
}

extension SeededRandom {
    /// Normally distributed with mean 0 and standard deviation 1 (Marsaglia's polar method).
    package mutating func normal() -> Double {
        while true {
            let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            return x * (-2 * ReproducibleMath.log(square) / square).squareRoot()
        }
    }
}
