// Which addresses an answer brings, and in which order. Each place is drawn from those that are left,
// by weight, so the first address, which simple clients take, follows the weights exactly.

import Determinism

package struct WeightedDraw: Sendable {
    private var random: SeededRandom
    /// Of the last draw; kept, so that a query allocates nothing.
    package private(set) var picked: [UInt32] = []
    private var weights: [Int] = []

    package init(seed: UInt64) { random = SeededRandom(seed: seed).fork("answers") }

    /// Draws up to `countMax` different addresses into `picked`.
    package mutating func draw(from candidates: Candidates, countMax: Int) {
        picked.removeAll(keepingCapacity: true)
        let total = candidates.addresses.count
        guard total > 0 else { return }
        if candidates.haveEqualWeights {
            rotate(candidates.addresses, min(total, countMax))
        } else {
            drawByWeight(candidates, min(total, countMax))
        }
    }

    /// Equal weights need one random number for the whole answer.
    private mutating func rotate(_ addresses: [UInt32], _ count: Int) {
        var place = below(addresses.count)
        for _ in 0..<count {
            picked.append(addresses[place])
            place = place + 1 == addresses.count ? 0 : place + 1
        }
    }

    private mutating func drawByWeight(_ candidates: Candidates, _ count: Int) {
        weights.removeAll(keepingCapacity: true)
        weights.append(contentsOf: candidates.weights)
        var left = weights.reduce(0, +)
        for _ in 0..<count {
            var rest = below(left)
            var place = 0
            while rest >= weights[place] {
                rest -= weights[place]
                place += 1
            }
            picked.append(candidates.addresses[place])
            left -= weights[place]
            weights[place] = 0
        }
    }

    /// By multiplication (Lemire 2019), whose bias below 2^32 nobody can measure.
    private mutating func below(_ bound: Int) -> Int {
        Int(random.next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
