// Distributions under fixed seeds. Each bound is wide (a fair draw misses it less than once in a
// million seeds) and each statistic is first shown to reject what is not fair.

import Testing

@testable import Determinism

@Suite struct DrawTests {
    @Test func `uniform numbers fill the half-open unit interval evenly`() {
        var random = SeededRandom(seed: 11)
        var counts = [Int](repeating: 0, count: 100)
        for _ in 0..<100_000 {
            let number = random.uniform()
            #expect(number >= 0 && number < 1)
            counts[Int(number * 100)] += 1
        }
        let fair = [Double](repeating: 0.01, count: 100)
        #expect(ChiSquare(counts: counts, probabilities: fair).isPlausible)
    }

    @Test func `the statistic rejects a slightly loaded die`() {
        let fair = [Double](repeating: 1.0 / 6, count: 6)
        let loaded = [10_000, 10_000, 10_000, 10_000, 10_000, 10_800]
        #expect(!ChiSquare(counts: loaded, probabilities: fair).isPlausible)
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `bounded integers are even over the whole range`(bound: Int) {
        var random = SeededRandom(seed: UInt64(bound))
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<50_000 {
            counts[random.integer(in: -5..<bound - 5) + 5] += 1
        }
        let fair = [Double](repeating: 1 / Double(bound), count: bound)
        #expect(ChiSquare(counts: counts, probabilities: fair).isPlausible)
    }

    @Test func `a bound that does not divide the word has no bias`() {
        // With a plain modulo the lower half of this range would come up twice as often.
        let bound: UInt64 = 3 << 62
        var random = SeededRandom(seed: 5)
        var counts = [0, 0, 0]
        for _ in 0..<30_000 {
            counts[Int(random.integer(below: bound) >> 62)] += 1
        }
        let thirds = [Double](repeating: 1.0 / 3, count: 3)
        #expect(ChiSquare(counts: counts, probabilities: thirds).isPlausible)
    }

    @Test func `the widest and the narrowest ranges work`() {
        var random = SeededRandom(seed: 3)
        #expect(random.integer(in: 4...4) == 4)
        #expect(random.integer(in: Int.max - 1..<Int.max) == Int.max - 1)
        let wide = (0..<64).map { _ in random.integer(in: Int.min...Int.max) }
        #expect(wide.contains { $0 < 0 } && wide.contains { $0 > 0 })
    }

    @Test func `exponential gaps have the mean, the spread and the tail of a Poisson process`() {
        var random = SeededRandom(seed: 17)
        let gaps = (0..<100_000).map { _ in random.exponential(mean: 4) }
        let mean = gaps.reduce(0, +) / 100_000
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(abs(mean - 4) < 0.07)
        #expect(abs(variance - 16) < 0.8)
        // P(gap > 2 means) = e^-2.
        let tail = Double(gaps.count { $0 > 8 }) / 100_000
        #expect(abs(tail - 0.135335) < 0.006)
        #expect(gaps.allSatisfy { $0 >= 0 && $0.isFinite })
    }

    @Test func `chance keeps its bounds and its rate`() {
        var random = SeededRandom(seed: 23)
        let never = (0..<1000).count { _ in random.chance(0) }
        let always = (0..<1000).count { _ in random.chance(1) }
        #expect(never == 0)
        #expect(always == 1000)
        let hits = (0..<100_000).count { _ in random.chance(0.3) }
        #expect(abs(hits - 30_000) < 750)
    }

    @Test func `durations stay in their range and reach both halves`() {
        var random = SeededRandom(seed: 29)
        let range = Duration.milliseconds(150)...Duration.milliseconds(300)
        let drawn = (0..<200).map { _ in random.duration(in: range) }
        #expect(drawn.allSatisfy { range.contains($0) })
        #expect(drawn.contains { $0 < .milliseconds(200) })
        #expect(drawn.contains { $0 > .milliseconds(250) })
        #expect(random.duration(in: .seconds(1) ... .seconds(1)) == .seconds(1))
    }

    @Test func `every order of three comes up equally often`() {
        var random = SeededRandom(seed: 31)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<60_000 {
            counts[random.shuffled([1, 2, 3]), default: 0] += 1
        }
        let sixths = [Double](repeating: 1.0 / 6, count: 6)
        #expect(counts.count == 6)
        #expect(ChiSquare(counts: Array(counts.values), probabilities: sixths).isPlausible)
    }

    @Test func `every pair of five is sampled equally often, without repeats`() {
        var random = SeededRandom(seed: 37)
        var counts: [Set<Int>: Int] = [:]
        for _ in 0..<50_000 {
            counts[Set(random.sample(2, of: [1, 2, 3, 4, 5])), default: 0] += 1
        }
        let tenths = [Double](repeating: 0.1, count: 10)
        #expect(counts.count == 10)
        #expect(counts.keys.allSatisfy { $0.count == 2 })
        #expect(ChiSquare(counts: Array(counts.values), probabilities: tenths).isPlausible)
    }

    @Test func `samples of all and of none, and an element of nothing`() {
        var random = SeededRandom(seed: 41)
        #expect(random.sample(0, of: [1, 2]).isEmpty)
        #expect(random.sample(3, of: [1, 2, 3]).sorted() == [1, 2, 3])
        #expect(random.element(of: [Int]()) == nil)
        #expect(random.element(of: [9]) == 9)
    }
}
