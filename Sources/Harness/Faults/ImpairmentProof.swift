// Whether what probes measured is what an impairment promised; pure, and able to say no for every
// promise that an experiment can make.

import History
import Linux
import Testbed

/// Judges the delays of an impaired link.
struct DelayProof {
    private let impairment: Impairment

    init(_ impairment: Impairment) { self.impairment = impairment }

    /// Later than promised happens on a busy host, so there is a tolerance; earlier never.
    ///
    /// The median has a lower bound of its own: where the jitter is as wide as the delay, a single
    /// packet may take no time at all, half of them may not. Packets do not overtake, so a row of
    /// probes tends to the upper half of the band.
    func judge(_ measured: [LinkMeasurement]) throws(FaultError) -> [Evidence] {
        let least = impairment.delay - impairment.jitter - .microseconds(100)
        let medianMin = impairment.delay - impairment.jitter / 2 - .microseconds(100)
        let medianMax = impairment.delay + impairment.jitter + .milliseconds(5)
        var medians: [Duration] = []
        for link in measured {
            guard let first = link.delays.first, let median = link.delay(atShare: 0.5) else {
                throw .unproven("no probe arrived over \(link.direction)")
            }
            guard first >= least, median >= medianMin, median <= medianMax else {
                throw .unproven(
                    "\(link.direction): \(link.summary); promised "
                        + "\(impairment.delay.milliseconds) +- \(impairment.jitter.milliseconds)")
            }
            medians.append(median)
        }
        medians.sort()
        guard let slowest = medians.last else { throw .unproven("no link was measured") }
        return [
            Evidence("delay p50", medians[medians.count / 2].milliseconds),
            Evidence("delay p50 of the slowest link", slowest.milliseconds),
        ]
    }
}

/// Judges the share of probes that went missing, over all impaired links together.
struct LossProof {
    private let ratio: Double
    /// Half-width of the accepted band, in standard deviations of the binomial distribution:
    /// a link that keeps its promise falls outside once in 15,000 proofs.
    private static let deviations = 4.0
    private static let probesMax = 20_000
    /// Lost probes to expect at the least, or none at all is too likely by chance (e^-12).
    private static let expectedMin = 12.0

    init(_ impairment: Impairment) { ratio = impairment.loss }

    /// Enough that a link that loses nothing falls outside the band: n > 16 (1 - p) / p; capped for
    /// the time that it takes.
    static func probes(for ratio: Double) -> Int {
        let enough = 1.25 * deviations * deviations * (1 - ratio) / ratio
        return min(probesMax, max(400, Int(enough.rounded(.up))))
    }

    func judge(_ measured: [LinkMeasurement]) throws(FaultError) -> [Evidence] {
        let sent = measured.reduce(0) { $0 + $1.sent }
        guard ratio * Double(sent) >= Self.expectedMin else {
            throw .unproven("\(sent) probes cannot show a loss of \(Self.percent(ratio))")
        }
        let lost = sent - measured.reduce(0) { $0 + $1.received }
        let share = Double(lost) / Double(sent)
        let deviation = (ratio * (1 - ratio) / Double(sent)).squareRoot()
        guard lost > 0, abs(share - ratio) <= Self.deviations * deviation + 0.5 / Double(sent)
        else {
            throw .unproven(
                "\(lost) of \(sent) probes lost, promised \(Self.percent(ratio))")
        }
        return [Evidence("loss", "\(Self.percent(share)) of \(sent) probes")]
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
        let lost = links.reduce(0) { $0 + $1.lost }
        return [Evidence("packets", "\(seen)"), Evidence("dropped by plan", "\(lost)")]
    }
}
