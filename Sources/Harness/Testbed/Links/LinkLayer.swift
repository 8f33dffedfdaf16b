// What one fault adds to one direction, and its names.

import Determinism
import Experiment
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

/// Tells the impairments of one direction apart: who laid one changes and heals that one alone.
package struct LinkLayer: Hashable, Sendable {
    let number: Int

    /// What stands for as long as the testbed does.
    static let standing = LinkLayer(number: 0)
    /// For those who know that nobody else impairs the link.
    package static let only = LinkLayer(number: 1)
}

/// The state of one impairment of one direction.
struct LayerModel: Sendable {
    let layer: LinkLayer
    let impairment: Impairment
    var loss: LossModel?
    var rate: RateModel?
    var delay: DelayModel?
    /// A stream for each stage, so that a packet's fate in one does not depend on the others.
    private var damages: SeededRandom
    private var doubles: SeededRandom
    private var holds: SeededRandom

    init(_ layer: LinkLayer, _ impairment: Impairment, random: SeededRandom) {
        self.layer = layer
        self.impairment = impairment
        loss = impairment.loss.map { LossModel($0, random: random.fork("loss")) }
        rate = impairment.rate.map { RateModel($0) }
        delay = impairment.delay.map { DelayModel($0, random: random.fork("delay")) }
        damages = random.fork("corrupt")
        doubles = random.fork("duplicate")
        holds = random.fork("reorder")
    }

    mutating func damage() -> FrameDamage? {
        guard let corruption = impairment.corruption,
            damages.uniform() < corruption.ratio
        else { return nil }
        return FrameDamage(place: damages.next(), checksum: corruption.checksum)
    }

    mutating func isDoubled() -> Bool {
        impairment.duplicate > 0 && doubles.uniform() < impairment.duplicate
    }

    /// How long the packet is held back for others to overtake it.
    mutating func hold() -> Duration {
        guard let reordering = impairment.reordering,
            holds.uniform() < reordering.ratio
        else { return .zero }
        return reordering.delay
    }
}
