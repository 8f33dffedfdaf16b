// The distributions behind delays, against values of the tables and against their own draws.

import Testing

@testable import Determinism

struct NormalDistributionTests {
    @Test(arguments: [
        (0.0, 0.5), (1.0, 0.841_344_746), (-1.0, 0.158_655_254), (1.959_963_985, 0.975),
        (-3.0, 0.001_349_898),
    ])
    func `the share below a value is that of the tables`(value: Double, share: Double) {
        #expect(abs(NormalDistribution.cumulative(value) - share) < 1e-7)
        #expect(abs(NormalDistribution.quantile(share) - value) < 1e-4)
    }

    @Test func `draws have mean nothing and variance one`() {
        var random = SeededRandom(seed: 11)
        let draws = (0..<20_000).map { _ in random.normal() }
        let mean = draws.reduce(0, +) / 20_000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        // Standard errors 0.007 and 0.01; five of them.
        #expect(abs(mean) < 0.036)
        #expect(abs(variance - 1) < 0.05)
    }

    @Test func `pareto has its mean, and a tail that ends`() {
        let steps = 100_000
        let mean =
            (0..<steps).reduce(0) {
                $0 + ParetoDistribution.quantile((Double($1) + 0.5) / Double(steps))
            } / Double(steps)
        // The cut tail takes its part: (x / 10.16)^3 of the draws lie above, x^-2 of the mean.
        #expect(mean < 0 && mean > -0.02)
        #expect(abs(ParetoDistribution.quantile(0) + 0.577_350) < 1e-5)
        #expect(ParetoDistribution.quantile(1) == ParetoDistribution.deviationMax)
        // The median of shape 3 is the cube root of two.
        #expect(abs(ParetoDistribution.quantile(0.5) - (1.259_921 - 1.5) / 0.866_025) < 1e-5)
    }
}
