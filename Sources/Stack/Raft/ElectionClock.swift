// Time as a replica sees it: ticks that the driver counts, and timeouts from an injected seed.

/// Counts ticks since the last sign of a leader, against a timeout that differs from draw to draw.
struct ElectionClock: Sendable {
    /// Ticks since a leader was heard, a vote was given or a role was taken. A leader counts the
    /// ticks since it last checked its quorum.
    private(set) var elapsed = 0

    /// In minimum ..< 2 * minimum; drawn anew whenever the clock restarts (Raft paper, 5.2).
    private(set) var timeout: Int

    private let minimum: Int
    private var generator: UInt64

    init(minimum: Int, seed: UInt64) {
        self.minimum = minimum
        self.generator = seed
        self.timeout = minimum
        restart()
    }

    /// Starts a new wait with a new timeout.
    mutating func restart() {
        elapsed = 0
        timeout = minimum + Int(nextRandom() % UInt64(minimum))
    }

    /// Starts the wait again because the leader was heard.
    mutating func touch() { elapsed = 0 }

    mutating func advance(by ticks: Int) { elapsed += ticks }

    var isExpired: Bool { elapsed >= timeout }

    /// Whether the shortest timeout that any replica may draw has passed.
    var isPastMinimum: Bool { elapsed >= minimum }

    /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    private mutating func nextRandom() -> UInt64 {
        generator &+= 0x9E37_79B9_7F4A_7C15
        var mixed = generator
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
