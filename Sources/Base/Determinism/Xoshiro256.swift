// The generator behind every random choice of a run: xoshiro256**, period 2^256 - 1.
// It is written here and not taken from the system because a run must be repeatable from its seed
// on another machine and after an upgrade of the toolchain.
//
// Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021.

/// The bare xoshiro256** engine: four words of state that are never all zero.
struct Xoshiro256: Equatable, Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    init(state s0: UInt64, _ s1: UInt64, _ s2: UInt64, _ s3: UInt64) {
        precondition(s0 | s1 | s2 | s3 != 0, "the all-zero state is a fixed point")
        (self.s0, self.s1, self.s2, self.s3) = (s0, s1, s2, s3)
    }

    /// SplitMix64 is a bijection of a counter, so it cannot give four zeros in a row.
    init(seed: UInt64) {
        var expander = SplitMix64(seed: seed)
        let (s0, s1) = (expander.next(), expander.next())
        self.init(state: s0, s1, expander.next(), expander.next())
    }

    mutating func next() -> UInt64 {
        let result = Self.rotate(s1 &* 5, by: 7) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = Self.rotate(s3, by: 45)
        return result
    }

    private static func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
        (word << count) | (word >> (64 - count))
    }
}
