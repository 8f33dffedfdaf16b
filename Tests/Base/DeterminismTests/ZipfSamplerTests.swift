// The sampler against the exact law, by chi-square under fixed seeds.

import Testing

@testable import Determinism

@Suite struct ZipfSamplerTests {
    /// The law itself, by summing all weights.
    private func probabilities(count: Int, exponent: Double) -> [Double] {
        let weights = (1...count).map {
            ReproducibleMath.exp(-exponent * ReproducibleMath.log(Double($0)))
        }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }

    private func counts(_ sampler: ZipfSampler, draws: Int, seed: UInt64) -> [Int] {
        var random = SeededRandom(seed: seed)
        var counts = [Int](repeating: 0, count: sampler.count)
        for _ in 0..<draws {
            counts[sampler.sample(using: &random) - 1] += 1
        }
        return counts
    }

    @Test(arguments: [0, 0.5, 0.99, 1, 1.000_000_001, 1.2, 2, 5], [1, 2, 10, 100])
    func `draws follow the law`(exponent: Double, count: Int) {
        let sampler = ZipfSampler(count: count, exponent: exponent)
        let law = probabilities(count: count, exponent: exponent)
        // Ranks that expect fewer than 5 draws are judged together, as the statistic requires.
        let draws = 40_000
        let head = max(law.prefix { $0 * Double(draws) >= 5 }.count, 1)
        let drawn = counts(sampler, draws: draws, seed: 99)
        var expected = Array(law.prefix(head))
        var observed = Array(drawn.prefix(head))
        let tail = law.dropFirst(head).reduce(0, +)
        if tail * Double(draws) >= 5 {
            expected.append(tail)
            observed.append(drawn.dropFirst(head).reduce(0, +))
        }
        #expect(ChiSquare(counts: observed, probabilities: expected).isPlausible)
    }

    @Test func `the test can tell two exponents apart`() {
        let drawn = counts(ZipfSampler(count: 10, exponent: 1), draws: 40_000, seed: 99)
        let neighbour = probabilities(count: 10, exponent: 1.1)
        #expect(!ChiSquare(counts: drawn, probabilities: neighbour).isPlausible)
    }

    @Test func `a million ranks need no table and stay in range`() {
        let sampler = ZipfSampler(count: 1_000_000, exponent: 0.99)
        var random = SeededRandom(seed: 4)
        let ranks = (0..<20_000).map { _ in sampler.sample(using: &random) }
        #expect(ranks.allSatisfy { (1...1_000_000).contains($0) })
        // H(10^6, 0.99) = 15.3918, so rank 1 takes 6.497 % of the draws; 6 deviations are 1 %.
        let first = Double(ranks.count { $0 == 1 }) / 20_000
        #expect(abs(first - 0.06497) < 0.011)
        #expect(ranks.contains { $0 > 500_000 })
    }

    @Test func `the same seed draws the same ranks`() {
        let sampler = ZipfSampler(count: 1000, exponent: 1)
        var first = SeededRandom(seed: 12)
        var second = SeededRandom(seed: 12)
        let drawn = (0..<100).map { _ in sampler.sample(using: &first) }
        let again = (0..<100).map { _ in sampler.sample(using: &second) }
        #expect(drawn == again)
    }
}
