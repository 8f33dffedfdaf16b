// Which packets of one link are lost, drawn from a seed.

import Determinism
import Experiment

/// Settles for each packet whether it is lost.
struct LossModel: Sendable {
    private let loss: Loss
    private var random: SeededRandom
    private var isBad = false
    /// Packets since the last one that was lost as the nth.
    private var sinceLost = 0

    init(_ loss: Loss, random: SeededRandom) {
        self.loss = loss
        self.random = random
        // The chain begins as it goes on, not always well.
        if case .gilbertElliott(let model) = loss { isBad = self.random.uniform() < model.badShare }
    }

    mutating func isLost() -> Bool {
        switch loss {
        case .independent(let ratio): return random.uniform() < ratio
        case .everyNth(let count):
            sinceLost = (sinceLost + 1) % count
            return sinceLost == 0
        case .gilbertElliott(let model):
            let isLost = random.uniform() >= (isBad ? model.h : model.k)
            if random.uniform() < (isBad ? model.r : model.p) { isBad.toggle() }
            return isLost
        }
    }
}
