// Pearson's goodness-of-fit statistic, shared by the tests of the distributions.

/// Compares counts with the probabilities that they should follow.
struct ChiSquare {
    let statistic: Double
    let degreesOfFreedom: Int

    init(counts: [Int], probabilities: [Double]) {
        precondition(counts.count == probabilities.count)
        let total = Double(counts.reduce(0, +))
        statistic = zip(counts, probabilities).reduce(0) { sum, pair in
            let expected = total * pair.1
            let difference = Double(pair.0) - expected
            return sum + difference * difference / expected
        }
        degreesOfFreedom = counts.count - 1
    }

    /// Below the quantile that a fair source exceeds once in a million times.
    ///
    /// Wilson and Hilferty's approximation (1931): the cube root of chi-square over its degrees of
    /// freedom is close to normal; 4.75 standard deviations are one in a million on one side.
    var isPlausible: Bool {
        guard degreesOfFreedom > 0 else { return statistic == 0 }
        let spread = 2 / (9 * Double(degreesOfFreedom))
        let root = 1 - spread + 4.75 * spread.squareRoot()
        return statistic <= Double(degreesOfFreedom) * root * root * root
    }
}
