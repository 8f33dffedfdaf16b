// SplitMix64 turns one 64-bit number into a stream of well mixed ones. It is used only to seed
// xoshiro256** and to derive the seeds of forks: a weak seed (0, 1, 2...) must not give a weak
// start state, and neighbouring seeds must not give neighbouring streams.
//
// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014;
// constants as in Vigna's public-domain splitmix64.c.

/// The seed expander that xoshiro's authors recommend.
struct SplitMix64: Equatable, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mix(state)
    }

    /// A bijection over 64 bits in which each input bit changes about half of the output bits.
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
