// What a bad link does to packets, as pure values: an impairment is what the user asks for, and a
// link model settles the fate of each packet from a seed, with no clock and no descriptor.

import Determinism
package import Linux

/// One direction between two nodes.
package struct Direction: Hashable, Sendable, CustomStringConvertible {
    package let from: IPv4Address
    package let to: IPv4Address

    package init(from: IPv4Address, to: IPv4Address) {
        self.from = from
        self.to = to
    }

    package var reversed: Direction { Direction(from: to, to: from) }
    package var description: String { "\(from) -> \(to)" }
}

/// How packets of one direction are treated.
package struct Impairment: Hashable, Sendable {
    /// Added to every packet's way.
    package var delay: Duration
    /// Half-width of a uniform distribution around `delay`; at most `delay`.
    package var jitter: Duration
    /// Share of packets that never arrive, each by its own draw; 0...1.
    package var loss: Double
    /// Share of packets that arrive twice; 0...1.
    package var duplicate: Double
    /// Share of packets that skip the delay and so overtake; 0...1.
    package var reorder: Double

    package init(
        delay: Duration = .zero, jitter: Duration = .zero, loss: Double = 0, duplicate: Double = 0,
        reorder: Double = 0
    ) {
        precondition(delay >= .zero && jitter >= .zero, "time does not run backwards")
        precondition(jitter <= delay, "a packet cannot leave before it came")
        for share in [loss, duplicate, reorder] {
            precondition((0...1).contains(share), "a share lies between 0 and 1")
        }
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
        self.duplicate = duplicate
        self.reorder = reorder
    }

    /// Both, one after the other.
    package func and(_ other: Impairment) -> Impairment {
        let either = { (first: Double, second: Double) in 1 - (1 - first) * (1 - second) }
        return Impairment(
            delay: delay + other.delay, jitter: jitter + other.jitter,
            loss: either(loss, other.loss), duplicate: either(duplicate, other.duplicate),
            reorder: either(reorder, other.reorder))
    }
}

/// Settles what becomes of each packet of one direction.
///
/// Jitter alone does not reorder: a packet leaves no earlier than the one before it, as in a
/// queue. (netem lets jitter reorder, and TCP then retransmits what was never lost.)
struct LinkModel: Sendable {
    enum Fate: Equatable, Sendable {
        case lost
        case once(MonotonicTime)
        case twice(MonotonicTime)
    }

    let impairment: Impairment
    private var random: SeededRandom
    private var lastDeparture = MonotonicTime(nanoseconds: .min)

    init(_ impairment: Impairment, random: SeededRandom) {
        self.impairment = impairment
        self.random = random
    }

    /// The fate of a packet that came in at `arrival`.
    ///
    /// Always four draws, so that a packet's fate does not depend on which shares are zero.
    mutating func admit(at arrival: MonotonicTime) -> Fate {
        let isLost = random.uniform() < impairment.loss
        let isDoubled = random.uniform() < impairment.duplicate
        let overtakes = random.uniform() < impairment.reorder
        let swing = 2 * random.uniform() - 1
        if isLost { return .lost }
        var departure = arrival
        if !overtakes {
            let jitter = Int64(swing * Double(impairment.jitter.nanoseconds))
            departure = arrival + impairment.delay + .nanoseconds(jitter)
            departure = max(departure, lastDeparture)
            lastDeparture = departure
        }
        return isDoubled ? .twice(departure) : .once(departure)
    }
}

/// What the emulator has done to one direction since it was last impaired.
package struct LinkCounters: Equatable, Sendable {
    /// Packets that came in.
    package var seen = 0
    /// Packets dropped by the plan.
    package var lost = 0
    /// Packets sent on, copies included.
    package var delivered = 0
    /// Copies made by the plan.
    package var duplicated = 0
    /// Packets dropped because the store was full or the kernel refused them: not by the plan, so
    /// a run with any is not the experiment that was asked for.
    package var overflowed = 0
    /// Packets that are waiting.
    package var queued: Int { seen + duplicated - lost - delivered - overflowed }
    /// How much later than planned packets were sent.
    package var latenessTotal = Duration.zero
    package var latenessMax = Duration.zero

    package init() {}
}
