// What becomes of each packet of one direction under all that acts on it: the stages of `Impairment`
// in their one order, from seeds, with no clock and no descriptor.

import Determinism
import Experiment
import Linux

/// Settles what becomes of each packet of one direction.
struct LinkModel: Sendable {
    enum Fate: Equatable, Sendable {
        case lost
        /// The queue of a rate limit was full.
        case overQueue
        case sent(Passage)
    }

    /// When a packet leaves, and in which state.
    struct Passage: Equatable, Sendable {
        var departure: MonotonicTime
        /// When its copy leaves, if it has one.
        var copy: MonotonicTime?
        var damage: FrameDamage?
    }

    /// In the order in which they were laid.
    private var layers: [LayerModel] = []
    /// No packet leaves before this one did, unless its delay is free to reorder.
    private var lastDeparture = MonotonicTime(nanoseconds: .min)

    func impairment(of layer: LinkLayer) -> Impairment? {
        layers.first { $0.layer == layer }?.impairment
    }

    /// What all but one do, in order.
    func impairments(beside layer: LinkLayer?) -> [Impairment] {
        layers.filter { $0.layer != layer }.map(\.impairment)
    }

    /// Takes effect for the next packet; the place among the others stays if it had one.
    mutating func put(_ layer: LinkLayer, _ impairment: Impairment, random: SeededRandom) {
        let model = LayerModel(layer, impairment, random: random)
        if let index = layers.firstIndex(where: { $0.layer == layer }) {
            layers[index] = model
        } else {
            layers.append(model)
        }
    }

    /// Takes a layer away; nothing that came before may leave later than `limit` from then on.
    mutating func remove(_ layer: LinkLayer, limit: MonotonicTime) {
        layers.removeAll { $0.layer == layer }
        lastDeparture = min(lastDeparture, limit)
    }

    /// How long a packet may take by the delays of all but one layer, leaving out rare late ones.
    func delay(beside layer: LinkLayer) -> Duration {
        impairments(beside: layer).reduce(.zero) {
            $0 + ($1.delay.map { $0.base + $0.jitter } ?? .zero)
        }
    }

    /// The fate of a packet that came in at `arrival`.
    mutating func admit(bytes: Int, at arrival: MonotonicTime) -> Fate {
        if isLost() { return .lost }
        let damage = damage()
        let isDoubled = isDoubled()
        guard let first = leave(bytes, arrival) else { return .overQueue }
        var passage = Passage(departure: first, copy: nil, damage: damage)
        let second = isDoubled ? leave(bytes, arrival) : nil
        let (delay, keepsOrder) = delays()
        let hold = hold()
        passage.departure = depart(first + delay, keepsOrder, hold)
        passage.copy = second.map { depart($0 + delay, keepsOrder, hold) }
        return .sent(passage)
    }

    /// Every layer draws, so that what one loses does not depend on another.
    private mutating func isLost() -> Bool {
        var isLost = false
        for index in layers.indices where layers[index].loss?.isLost() == true { isLost = true }
        return isLost
    }

    private mutating func damage() -> FrameDamage? {
        var damage: FrameDamage?
        for index in layers.indices { damage = layers[index].damage() ?? damage }
        return damage
    }

    private mutating func isDoubled() -> Bool {
        var isDoubled = false
        for index in layers.indices where layers[index].isDoubled() { isDoubled = true }
        return isDoubled
    }

    private mutating func leave(_ bytes: Int, _ arrival: MonotonicTime) -> MonotonicTime? {
        var time = arrival
        for index in layers.indices where layers[index].impairment.rate != nil {
            guard let left = layers[index].rate?.admit(bytes: bytes, at: time) else { return nil }
            time = left
        }
        return time
    }

    private mutating func delays() -> (sum: Duration, keepsOrder: Bool) {
        var sum = Duration.zero
        var keepsOrder = true
        for index in layers.indices {
            guard let delay = layers[index].delay?.next() else { continue }
            sum += delay
            if layers[index].impairment.delay?.keepsOrder == false { keepsOrder = false }
        }
        return (sum, keepsOrder)
    }

    private mutating func hold() -> Duration {
        var sum = Duration.zero
        for index in layers.indices { sum += layers[index].hold() }
        return sum
    }

    private mutating func depart(
        _ time: MonotonicTime, _ keepsOrder: Bool, _ hold: Duration
    ) -> MonotonicTime {
        guard keepsOrder else { return time + hold }
        let departure = max(time, lastDeparture)
        if hold == .zero { lastDeparture = departure }
        return departure + hold
    }
}
