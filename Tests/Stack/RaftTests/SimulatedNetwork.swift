// A network that loses, delays, repeats and reorders, by a seed. Messages cross it as bytes.

@testable import Raft

/// SplitMix64, so that the tests need nothing but a seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True that many times in a hundred.
    mutating func chance(_ percent: Int) -> Bool { Int(next() % 100) < percent }

    mutating func number(in range: Range<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }
}

struct SimulatedNetwork {
    struct Weather {
        var lossPercent = 0
        var duplicatePercent = 0
        var delayMax = 1
        /// Messages that take very long, and arrive when everything has changed.
        var stragglerPercent = 0
    }

    var weather = Weather()
    /// Links that carry nothing, one way.
    private(set) var cut: Set<Link> = []
    private var underWay: [Int: [[UInt8]]] = [:]
    private(set) var lost = 0

    struct Link: Hashable {
        let from: NodeID
        let to: NodeID
    }

    /// Sends a message; false if it is lost, which its sender learns only where a driver would.
    mutating func send(_ message: RaftMessage, at now: Int, dice: inout Dice) -> Bool {
        let link = Link(from: message.from, to: message.to)
        guard !cut.contains(link), !dice.chance(weather.lossPercent) else {
            lost += 1
            return false
        }
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        let copies = dice.chance(weather.duplicatePercent) ? 2 : 1
        for _ in 0..<copies {
            let isStraggler = dice.chance(weather.stragglerPercent)
            let delay = dice.number(in: 1..<(isStraggler ? 60 : weather.delayMax + 1))
            underWay[now + delay, default: []].append(bytes)
        }
        return true
    }

    /// Keeps a message in the socket of a receiver that is paused.
    mutating func hold(_ message: RaftMessage, until time: Int) {
        var bytes: [UInt8] = []
        message.encode(into: &bytes)
        underWay[time, default: []].append(bytes)
    }

    /// What arrives at this time, in any order. A cut stops nothing that was under way before.
    mutating func arrivals(at now: Int, dice: inout Dice) throws -> [RaftMessage] {
        let due = underWay.removeValue(forKey: now) ?? []
        return try due.shuffled(using: &dice).map { try RaftMessage(decoding: $0.span) }
    }

    /// Cuts all links between two sides, or only those out of the first.
    mutating func split(_ side: Set<NodeID>, from other: Set<NodeID>, isOneWay: Bool) {
        for near in side {
            for far in other {
                cut.insert(Link(from: near, to: far))
                if !isOneWay { cut.insert(Link(from: far, to: near)) }
            }
        }
    }

    mutating func heal() { cut = [] }
}
