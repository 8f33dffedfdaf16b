// Expected latency of one backend, after Finagle's peak EWMA: a slower answer than expected counts at
// once and in full, faster ones win trust back slowly. So one bad second is noticed in one request,
// and a backend that has not been asked for a while is given another chance as the memory fades.

package import Linux

package struct PeakEWMA: Sendable {
    /// Over which an observation loses half its weight, more or less.
    private let decay: Double
    /// Seconds.
    private var cost = 0.0
    private var updated: MonotonicTime?

    package init(decay: Duration = .seconds(5)) { self.decay = decay.seconds }

    package mutating func observe(_ latency: Duration, at now: MonotonicTime) {
        let seconds = max(0, latency.seconds)
        guard seconds < cost else {
            cost = seconds
            updated = now
            return
        }
        let weight = weight(at: now)
        cost = cost * weight + seconds * (1 - weight)
        updated = now
    }

    /// In seconds, as of now: what nobody has confirmed for a while counts less.
    package func value(at now: MonotonicTime) -> Double { cost * weight(at: now) }

    /// What is left of the last value: 1 / (1 + age / decay), as good as an exponential and cheaper.
    private func weight(at now: MonotonicTime) -> Double {
        guard let updated else { return 0 }
        let age = max(0, (now - updated).seconds)
        return 1 / (1 + age / decay)
    }
}
