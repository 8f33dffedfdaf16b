// The one source of randomness in Faultline. A run prints its seed; the same seed gives the same
// faults, the same arrivals and the same keys again. That holds only if no part draws from a stream
// that another part also draws from, so each part takes a fork under its own name: adding a draw
// in one place then leaves all other places as they were.

/// A repeatable stream of random numbers, forkable by name.
package struct SeededRandom: RandomNumberGenerator, Equatable, Sendable {
    /// The number that repeats this stream; it goes into reports.
    package let seed: UInt64
    private var engine: Xoshiro256

    package init(seed: UInt64) {
        self.seed = seed
        engine = Xoshiro256(seed: seed)
    }

    package mutating func next() -> UInt64 {
        engine.next()
    }

    /// A stream of its own that depends on this stream's seed and the label, not on draws made so far.
    ///
    /// Forks nest: the path of labels from the root names the stream, and the order matters.
    package func fork(_ label: String) -> SeededRandom {
        let salted = SplitMix64.mix(seed &+ 0x9e37_79b9_7f4a_7c15)
        return SeededRandom(seed: SplitMix64.mix(salted ^ Self.fingerprint(of: label)))
    }

    /// FNV-1a, 64 bits, over the UTF-8 of the label (draft-eastlake-fnv).
    private static func fingerprint(of label: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in label.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return hash
    }
}
