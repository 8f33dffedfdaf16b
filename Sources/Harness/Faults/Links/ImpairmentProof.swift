// Whether what probes measured is what an impairment promised; pure, and able to say no for every
// promise that an experiment can make.

import Experiment
import History
import Linux
import Testbed

/// Judges the delays of an impaired link.
struct DelayProof {
    private let delay: Delay
    /// How far other faults on the link may move a delay by chance.
    private let slack: Duration
    /// Whether a rate limit adds waits of its own.
    private let isQueued: Bool

    init(_ delay: Delay, slack: Duration = .zero, isQueued: Bool = false) {
        self.delay = delay
        self.slack = slack
        self.isQueued = isQueued
    }

    /// Enough to tell a distribution, where packets do not wait for one another.
    var probes: Int { delay.keepsOrder || delay.jitter == .zero ? 20 : 200 }

    /// Later than promised happens on a busy host, so there is a tolerance; earlier never.
    ///
    /// The median has a lower bound of its own: where the jitter is as wide as the delay, a single
    /// packet may take no time at all, half of them may not. Where packets do not overtake, a row of
    /// probes tends to the upper part of the band.
    func judge(_ measured: [LinkMeasurement]) throws(FaultError) -> [Evidence] {
        var medians: [Duration] = []
        for link in measured {
            guard let first = link.delays.first, let median = link.delay(atShare: 0.5) else {
                throw .unproven("no probe arrived over \(link.direction)")
            }
            guard first >= least, medianBounds.contains(median) else { throw unlike(link) }
            try judgeShape(link)
            medians.append(median)
        }
        medians.sort()
        guard let slowest = medians.last else { throw .unproven("no link was measured") }
        return [
            Evidence("delay p50", medians[medians.count / 2].milliseconds),
            Evidence("delay p50 of the slowest link", slowest.milliseconds),
        ] + shape(measured)
    }

    private var early: Duration { slack + .microseconds(100) }
    private var late: Duration { slack + .milliseconds(5) }

    private var least: Duration { delay.quantile(0) - early }

    private var medianBounds: ClosedRange<Duration> {
        let low = delay.quantile(delay.correlation > 0 ? 0.001 : 0.25) - early
        let high = isQueued ? .seconds(3600) : delay.quantile(0.999) + late
        return low...max(low, high)
    }

    /// Holds three shares of the delays to the distribution, where each packet has its own.
    ///
    /// As many lie below a quantile as a binomial distribution allows within four standard
    /// deviations; correlated draws count for fewer.
    private func judgeShape(_ link: LinkMeasurement) throws(FaultError) {
        guard !delay.keepsOrder, delay.jitter > .zero else { return }
        let worth = (1 - delay.correlation) / (1 + delay.correlation)
        let count = max(1, Double(link.received) * worth)
        for share in [0.1, 0.5, 0.9] {
            let error = 4 * (share * (1 - share) / count).squareRoot()
            guard let found = link.delay(atShare: share) else { throw unlike(link) }
            let least = delay.quantile(max(0, share - error)) - early
            let most = delay.quantile(min(0.999_999, share + error)) + late
            guard found >= least, found <= most || isQueued else { throw unlike(link) }
        }
    }

    private func shape(_ measured: [LinkMeasurement]) -> [Evidence] {
        guard delay.jitter > .zero, let first = measured.first,
            let low = first.delay(atShare: 0.1), let high = first.delay(atShare: 0.9)
        else { return [] }
        return [Evidence("delay p10 to p90", "\(low.milliseconds) to \(high.milliseconds)")]
    }

    private func unlike(_ link: LinkMeasurement) -> FaultError {
        .unproven(
            "\(link.direction): \(link.summary); promised "
                + "\(delay.base.milliseconds) +- \(delay.jitter.milliseconds)")
    }
}

/// Judges a share of probes, over all impaired links together.
struct ShareProof {
    /// What befell them: `lost`.
    private let what: String
    private let spread: Double
    /// Half-width of the accepted band, in standard deviations of the binomial distribution:
    /// a link that keeps its promise falls outside once in 15,000 proofs.
    private static let deviations = 4.0
    private static let probesMax = 20_000
    /// Probes to expect at the least, or none at all is too likely by chance (e^-12).
    private static let expectedMin = 12.0

    /// Probes of one link: how many, how many of them were hit, and how many should be.
    struct Sample {
        let count: Int
        let hits: Int
        let ratio: Double
    }

    /// `spread` is how much larger the variance is than that of independent draws.
    init(_ what: String, spread: Double = 1) {
        self.what = what
        self.spread = spread
    }

    /// Enough that a link that hits none falls outside the band: n > 16 (1 - p) / p; capped for
    /// the time that it takes.
    static func probes(for ratio: Double, spread: Double = 1) -> Int {
        let enough = 1.25 * deviations * deviations * spread * (1 - ratio) / ratio
        return min(probesMax, max(400, Int(enough.rounded(.up))))
    }

    func judge(_ samples: [Sample]) throws(FaultError) -> [Evidence] {
        let count = samples.reduce(0) { $0 + $1.count }
        let hits = samples.reduce(0) { $0 + $1.hits }
        let expected = samples.reduce(0) { $0 + Double($1.count) * $1.ratio }
        let variance = samples.reduce(0) { $0 + Double($1.count) * $1.ratio * (1 - $1.ratio) }
        let promise = Self.percent(expected / Double(max(1, count)))
        guard expected >= Self.expectedMin else {
            throw .unproven("\(count) probes cannot show \(promise) \(what)")
        }
        let deviation = (variance * spread).squareRoot()
        guard hits > 0, abs(Double(hits) - expected) <= Self.deviations * deviation + 0.5 else {
            throw .unproven("\(hits) of \(count) probes \(what), promised \(promise)")
        }
        let share = Self.percent(Double(hits) / Double(count))
        return [Evidence(what, "\(share) of \(count) probes")]
    }

    static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }
}

extension LinkMeasurement {
    /// What was seen, for a proof that failed.
    var summary: String {
        guard let first = delays.first, let median = delay(atShare: 0.5) else {
            return "nothing of \(sent) probes arrived"
        }
        return "\(received) of \(sent) probes arrived, p50 \(median.milliseconds), "
            + "least \(first.milliseconds)"
    }
}

/// Judges what the emulator did to the real traffic, beside the probes.
enum EmulatorProof {
    /// Packets that were dropped for want of room, or refused by the kernel, are losses that nobody
    /// asked for: what the run shows is then not what this impairment does.
    static func judge(_ links: [LinkCounters]) throws(FaultError) -> [Evidence] {
        let seen = links.reduce(0) { $0 + $1.seen }
        let overflowed = links.reduce(0) { $0 + $1.overflowed }
        guard overflowed == 0 else {
            throw .unproven(
                "the link emulator dropped \(overflowed) of \(seen) packets that it should have sent "
                    + "on: the load is more than it can carry")
        }
        let lost = links.reduce(0) { $0 + $1.lost + $1.overQueue }
        return [Evidence("packets", "\(seen)"), Evidence("dropped by plan", "\(lost)")]
    }
}
