// The delays of one link's packets, drawn from a seed.

import Determinism
package import Experiment
import Linux

/// Draws the delay of each packet.
struct DelayModel: Sendable {
    let delay: Delay
    private var random: SeededRandom
    /// The standard normal number behind the last draw, for the correlation with the next.
    private var last: Double?

    init(_ delay: Delay, random: SeededRandom) {
        self.delay = delay
        self.random = random
    }

    mutating func next() -> Duration {
        guard delay.jitter > .zero else { return delay.base }
        return Self.time(delay, deviation())
    }

    private mutating func deviation() -> Double {
        if case .normal = delay.distribution { return normal() }
        let share =
            delay.correlation == 0 ? random.uniform() : NormalDistribution.cumulative(normal())
        return Self.deviation(delay, at: share)
    }

    /// A step of an autoregressive process whose every value is standard normal.
    private mutating func normal() -> Double {
        var value = random.normal()
        let correlation = delay.correlation
        if let last, correlation > 0 {
            value = correlation * last + (1 - correlation * correlation).squareRoot() * value
        }
        last = value
        return value
    }

    fileprivate static func deviation(_ delay: Delay, at share: Double) -> Double {
        switch delay.distribution {
        case .uniform: 2 * share - 1
        case .normal: NormalDistribution.quantile(share)
        case .pareto: ParetoDistribution.quantile(share)
        case .table(let table): table.deviation(at: share)
        }
    }

    fileprivate static func time(_ delay: Delay, _ deviation: Double) -> Duration {
        let jitter = Int64(deviation * Double(delay.jitter.nanoseconds))
        return max(.zero, delay.base + .nanoseconds(jitter))
    }
}

extension Delay {
    /// The delay below which a share of all packets stay, if none waits for another.
    package func quantile(_ share: Double) -> Duration {
        if jitter == .zero { return base }
        return DelayModel.time(self, DelayModel.deviation(self, at: share))
    }
}
