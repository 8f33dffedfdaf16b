// Logarithm and exponential in plain IEEE 754 additions and multiplications. The C library picks
// its own by CPU and version, and they differ in the last bit; one bit is enough to move an arrival
// or to pick another key, and then the same seed no longer gives the same run. These are within
// a few units in the last place, which is far below what any distribution test can see.

enum ReproducibleMath {
    /// ln 2 split so that `exponent * high` is exact (the split of fdlibm's e_log.c).
    private static let ln2High = 6.93147180369123816490e-01
    private static let ln2Low = 1.90821492927058770002e-10
    private static let squareRootOfTwo = 1.4142135623730951

    /// Natural logarithm of a positive number.
    static func log(_ x: Double) -> Double {
        precondition(x > 0, "the logarithm needs a positive number")
        guard x.isFinite else { return x }
        var exponent = Double(x.exponent)
        var significand = x.significand
        if significand > squareRootOfTwo {
            significand /= 2
            exponent += 1
        }
        let tail = twiceArtanh((significand - 1) / (significand + 1))
        return exponent * ln2High + (exponent * ln2Low + tail)
    }

    /// ln(1 + x), exact to rounding also where 1 + x would lose the digits of x.
    static func log1p(_ x: Double) -> Double {
        precondition(x > -1, "the logarithm needs a positive number")
        guard x > -0.25 && x < 0.5 else { return log(1 + x) }
        return twiceArtanh(x / (2 + x))
    }

    static func exp(_ x: Double) -> Double {
        guard x > -745.2 else { return 0 }
        guard x < 709.8 else { return .infinity }
        let power = Int(x / 0.6931471805599453 + (x < 0 ? -0.5 : 0.5))
        let remainder = (x - Double(power) * ln2High) - Double(power) * ln2Low
        let value = 1 + shortExpm1(remainder)
        // Two steps, since 2^power alone may lie outside the range of normal numbers.
        return value * powerOfTwo(power / 2) * powerOfTwo(power - power / 2)
    }

    /// e^x - 1, exact to rounding also near zero.
    static func expm1(_ x: Double) -> Double {
        x.magnitude < 0.35 ? shortExpm1(x) : exp(x) - 1
    }

    /// 2 artanh(z) for |z| <= 0.2 by its Taylor series; the first term left out is below 1e-17.
    private static func twiceArtanh(_ z: Double) -> Double {
        let square = z * z
        var sum = 0.0
        for odd in stride(from: 23, through: 3, by: -2) {
            sum = (sum + 1 / Double(odd)) * square
        }
        return 2 * z + 2 * z * sum
    }

    /// e^x - 1 for |x| <= 0.35 by its Taylor series; the first term left out is below 1e-19.
    private static func shortExpm1(_ x: Double) -> Double {
        var sum = 0.0
        for degree in stride(from: 15, through: 2, by: -1) {
            sum = (1 + sum) * x / Double(degree)
        }
        return x + x * sum
    }

    private static func powerOfTwo(_ exponent: Int) -> Double {
        Double(sign: .plus, exponent: exponent, significand: 1)
    }
}
