// The generators against their published outputs, and the promises of seeds and forks.

import Testing

@testable import Determinism

@Suite struct SeededRandomTests {
    @Test func `SplitMix64 gives the published outputs`() {
        // Rosetta Code, "Pseudo-random numbers/Splitmix64", seed 1234567.
        var mixer = SplitMix64(seed: 1_234_567)
        let outputs = (0..<5).map { _ in mixer.next() }
        #expect(
            outputs == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `xoshiro256 star star gives the published outputs`() {
        // The vector of rand_xoshiro (Rust), made with the reference C code: state 1, 2, 3, 4.
        var engine = Xoshiro256(state: 1, 2, 3, 4)
        let outputs = (0..<10).map { _ in engine.next() }
        #expect(
            outputs == [
                11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
                607_988_272_756_665_600, 16_172_922_978_634_559_625, 8_476_171_486_693_032_832,
                10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
            ])
    }

    @Test(
        arguments: zip(
            [0, 42] as [UInt64],
            [11_091_344_671_253_066_420, 1_546_998_764_402_558_742] as [UInt64]))
    func `a seed is expanded as the authors recommend`(seed: UInt64, expected: UInt64) {
        var random = SeededRandom(seed: seed)
        #expect(random.next() == expected)
    }

    @Test func `the same seed gives the same stream and another seed another one`() {
        var first = SeededRandom(seed: 7)
        var second = SeededRandom(seed: 7)
        var other = SeededRandom(seed: 8)
        let drawn = (0..<100).map { _ in first.next() }
        let again = (0..<100).map { _ in second.next() }
        let others = (0..<100).map { _ in other.next() }
        #expect(drawn == again)
        #expect(Set(drawn).isDisjoint(with: others))
    }

    @Test func `a fork does not depend on draws made before it`() {
        let fresh = SeededRandom(seed: 7)
        var used = fresh
        for _ in 0..<10 { _ = used.next() }
        #expect(fresh.fork("faults") == used.fork("faults"))
        #expect(fresh != used)
    }

    @Test func `forks differ by label, by parent and by the order of nesting`() {
        let root = SeededRandom(seed: 7)
        let seeds = [
            root, root.fork(""), root.fork("a"), root.fork("b"), root.fork("ab"),
            root.fork("a").fork("b"), root.fork("b").fork("a"), root.fork("a").fork("a"),
            SeededRandom(seed: 8).fork("a"),
        ].map(\.seed)
        #expect(Set(seeds).count == seeds.count)
    }

    @Test func `streams of sibling forks are uncorrelated bit by bit`() {
        var left = SeededRandom(seed: 1).fork("client-1")
        var right = SeededRandom(seed: 1).fork("client-2")
        let draws = 4096
        let differing = (0..<draws).reduce(0) { sum, _ in
            sum + (left.next() ^ right.next()).nonzeroBitCount
        }
        // Half of 262,144 bits differ; the standard deviation is 256, so this is six of them.
        #expect(abs(differing - draws * 32) < 1536)
    }
}
