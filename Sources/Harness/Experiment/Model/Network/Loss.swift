// Which packets a link loses. Independent losses are what most tools offer and few links have; real
// ones come in bursts, for which two states suffice.

/// How a link loses packets.
package enum Loss: Hashable, Sendable {
    /// Each by its own draw with this probability; above 0, up to 1.
    case independent(Double)
    case gilbertElliott(GilbertElliott)
    /// Every so many-th packet, without chance; at least 2.
    case everyNth(Int)

    /// The share of packets that are lost in the long run.
    package var ratio: Double {
        switch self {
        case .independent(let ratio): ratio
        case .gilbertElliott(let model): model.lossRatio
        case .everyNth(let count): 1 / Double(count)
        }
    }

    /// How much wider the number of losses among many packets spreads than that of independent ones:
    /// the ratio of the variances.
    package var spread: Double {
        if case .gilbertElliott(let model) = self { model.spread } else { 1 }
    }
}

/// A link with a good and a bad state (Gilbert 1960, Elliott 1963), in the terms of Hasslinger and
/// Hohlfeld, "The Gilbert-Elliott Model for Packet Loss in Real Time Services on the Internet", 2008.
///
///             p
///     good -------> bad      lost in good: 1 - k, in bad: 1 - h
///          <-------
///             r
package struct GilbertElliott: Hashable, Sendable {
    /// Probability, at each packet, to go from good to bad; above 0, up to 1.
    package var p: Double
    /// Probability, at each packet, to go from bad to good; above 0, up to 1.
    package var r: Double
    /// Probability that a packet survives the bad state; below `k`.
    package var h: Double
    /// Probability that a packet survives the good state.
    package var k: Double

    package init(p: Double, r: Double, h: Double = 0, k: Double = 1) {
        precondition(p > 0 && p <= 1 && r > 0 && r <= 1, "both states are reached")
        precondition((0...1).contains(h) && (0...1).contains(k) && h < k, "the bad state is worse")
        self.p = p
        self.r = r
        self.h = h
        self.k = k
    }

    /// The share of time in the bad state.
    package var badShare: Double { p / (p + r) }

    package var lossRatio: Double { (1 - k) * (1 - badShare) + (1 - h) * badShare }

    /// From the autocorrelation of a two-state chain, which falls by 1 - p - r a packet.
    var spread: Double {
        let decay = max(0, 1 - p - r)
        let between = (k - h) * (k - h) * badShare * (1 - badShare)
        let variance = lossRatio * (1 - lossRatio)
        return variance == 0 ? 1 : 1 + 2 * between / variance * decay / (1 - decay)
    }
}
