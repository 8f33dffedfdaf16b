// What an impairment promises, in words for the report and in figures for its proof.

import Experiment
import History
import Linux
import Testbed

/// A share of packets that something is to befall.
struct SharePromise {
    let what: String
    let spread: Double
    /// Of one link's probes: how many it counts among, how many were hit, and how many should be.
    let sample: (LinkMeasurement, Surroundings) -> ShareProof.Sample
}

extension Impairment {
    var promise: [Evidence] {
        var promise: [Evidence] = []
        if let delay {
            promise.append(Evidence("delay", delay.base.milliseconds))
            promise.append(Evidence("jitter", delay.jitter.milliseconds))
        }
        if let loss { promise.append(Evidence("loss", ShareProof.percent(loss.ratio))) }
        if duplicate > 0 { promise.append(Evidence("doubled", ShareProof.percent(duplicate))) }
        if let reordering {
            promise.append(Evidence("held back", ShareProof.percent(reordering.ratio)))
        }
        if let corruption {
            promise.append(Evidence("damaged", ShareProof.percent(corruption.ratio)))
            promise.append(Evidence("checksum", corruption.checksum.rawValue))
        }
        if let rate {
            promise.append(Evidence("rate", RateProof.text(Double(rate.bitsPerSecond))))
        }
        return promise
    }

    /// How long the last of a row of probes may be on its way.
    var latest: Duration {
        var latest = (delay?.quantile(0.999_999) ?? .zero) + (reordering?.delay ?? .zero)
        if rate != nil { latest += .milliseconds(500) }
        return latest
    }

    /// How many probes show what single ones can; nil where they show nothing.
    var probes: (probes: Int, isShare: Bool)? {
        let delayProbes = delay.map { DelayProof($0).probes } ?? 0
        let shareProbes = [
            missing > 0 ? ShareProof.probes(for: missing, spread: loss?.spread ?? 1) : 0,
            duplicate > 0 ? ShareProof.probes(for: duplicate) : 0,
            reordering.map { ShareProof.probes(for: $0.ratio) } ?? 0,
            corruption.map { ShareProof.probes(for: $0.ratio) } ?? 0,
        ]
        let most = shareProbes.max() ?? 0
        let count = max(delayProbes, most)
        return count == 0 ? nil : (count, most > 0)
    }

    var shares: [SharePromise] {
        var shares: [SharePromise] = []
        let missing = missing
        if missing > 0 {
            shares.append(
                SharePromise(what: "lost", spread: loss?.spread ?? 1) { link, around in
                    ShareProof.Sample(
                        count: link.sent, hits: link.sent - link.received - link.damaged,
                        ratio: either(missing, around.missing))
                })
        }
        if duplicate > 0 {
            shares.append(
                SharePromise(what: "doubled", spread: 1) { [duplicate] link, around in
                    ShareProof.Sample(
                        count: link.received, hits: link.doubled,
                        ratio: either(duplicate, around.doubled))
                })
        }
        if let corruption, corruption.checksum == .repaired {
            shares.append(
                SharePromise(what: "damaged", spread: 1) { link, _ in
                    ShareProof.Sample(
                        count: link.received + link.damaged, hits: link.damaged,
                        ratio: corruption.ratio)
                })
        }
        if let reordering {
            let least = reordering.delay + (delay?.quantile(0) ?? .zero) - .microseconds(100)
            shares.append(
                SharePromise(what: "held back", spread: 1) { link, _ in
                    ShareProof.Sample(
                        count: link.received, hits: link.delays.count { $0 >= least },
                        ratio: reordering.ratio)
                })
        }
        return shares
    }
}
