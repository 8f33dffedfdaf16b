// Latency and loss: the packets of a direction take the way through the link emulator, which holds
// them back or drops them by a seeded plan.
//
// The proof is measured from outside, by probes between the very nodes, and beside it the same
// probes through a link that nobody touched: a promise of 50 ms is kept when the median of the
// impaired link lies within the jitter and a tolerance of it, and when the other link shows none of
// it.

import History
import Linux
import Reactor
import Testbed

@ReactorActor
final class ImpairmentFault: Fault {
    private let links: [TargetLink]
    private let impairment: Impairment
    private let network: Links
    private let probe: LinkProbe
    private let untouched: Direction?

    /// `untouched` is a direction that no fault acts on, as the yardstick.
    init(
        _ links: [TargetLink], _ impairment: Impairment, network: Links, probe: LinkProbe,
        untouched: Direction?
    ) {
        self.links = links
        self.impairment = impairment
        self.network = network
        self.probe = probe
        self.untouched = untouched
    }

    var promise: [Evidence] {
        var promise: [Evidence] = []
        if impairment.delay > .zero {
            promise.append(Evidence("delay", impairment.delay.milliseconds))
            promise.append(Evidence("jitter", impairment.jitter.milliseconds))
        }
        if impairment.loss > 0 { promise.append(Evidence("loss", percent(impairment.loss))) }
        return promise
    }
    var targets: [String] { links.map(\.name) }

    func inject() throws(FaultError) {
        do {
            for link in links {
                try network.impair(from: link.direction.from, to: link.direction.to, impairment)
            }
        } catch {
            throw .system(error)
        }
    }

    func prove() async throws(FaultError) -> [Evidence] {
        let sample = impairment.loss > 0 ? max(60, 400 / max(1, links.count)) : 20
        let measured = try await measure(links.map(\.direction), count: sample)
        var evidence: [Evidence] = []
        if impairment.delay > .zero { evidence += try proveDelay(measured) }
        if impairment.loss > 0 { evidence += try proveLoss(measured) }
        if let untouched, let beside = try await measure([untouched], count: 10).first {
            let delay = beside.delay(atShare: 0.5)
            guard impairment.delay <= .milliseconds(5) || delay ?? .zero < impairment.delay / 2
            else { throw .unproven("an untouched link is delayed too: \(untouched)") }
            evidence.append(Evidence("untouched link", delay?.milliseconds ?? "nothing arrived"))
        }
        return evidence
    }

    func heal() throws(FaultError) {
        do {
            for link in links {
                try network.heal(from: link.direction.from, to: link.direction.to)
            }
        } catch {
            throw .system(error)
        }
    }

    /// The rules are gone, everything arrives, and nothing is late.
    func proveHealed() async throws(FaultError) -> [Evidence] {
        let standing: Set<Direction>
        do {
            standing = try network.impaired()
        } catch {
            throw .system(error)
        }
        if let rest = links.first(where: { standing.contains($0.direction) }) {
            throw .unproven("\(rest.name) is still impaired")
        }
        let measured = try await measure(links.map(\.direction), count: 5)
        let bound = max(impairment.delay / 2, .milliseconds(5))
        for link in measured {
            guard let delay = link.delay(atShare: 0.5), delay < bound else {
                throw .unproven("\(link.direction) is not as before")
            }
        }
        let slowest = measured.compactMap { $0.delay(atShare: 0.5) }.max() ?? .zero
        return [Evidence("delay after", slowest.milliseconds)]
    }

    // MARK: Proof

    /// Later than promised happens on a busy host; earlier never.
    private func proveDelay(_ measured: [LinkMeasurement]) throws(FaultError) -> [Evidence] {
        let least = impairment.delay - impairment.jitter
        let tolerance = impairment.jitter + .milliseconds(5)
        var medians: [Duration] = []
        for link in measured {
            guard let first = link.delays.first, let median = link.delay(atShare: 0.5) else {
                throw .unproven("no probe arrived over \(link.direction)")
            }
            guard first >= least - .microseconds(100), median <= impairment.delay + tolerance else {
                throw .unproven(
                    "\(link.direction) is delayed by \(median.milliseconds), promised \(impairment.delay.milliseconds)"
                )
            }
            medians.append(median)
        }
        medians.sort()
        return [
            Evidence("delay p50", medians[medians.count / 2].milliseconds),
            Evidence("delay p50 of the slowest link", medians[medians.count - 1].milliseconds),
        ]
    }

    /// All directions together, within four standard deviations of the binomial distribution.
    private func proveLoss(_ measured: [LinkMeasurement]) throws(FaultError) -> [Evidence] {
        let sent = measured.reduce(0) { $0 + $1.sent }
        let lost = sent - measured.reduce(0) { $0 + $1.received }
        let share = Double(lost) / Double(sent)
        let deviation = (impairment.loss * (1 - impairment.loss) / Double(sent)).squareRoot()
        guard abs(share - impairment.loss) <= 4 * deviation + 1 / Double(sent) else {
            throw .unproven("\(percent(share)) lost, promised \(percent(impairment.loss))")
        }
        return [Evidence("loss", "\(percent(share)) of \(sent) probes")]
    }

    private func measure(
        _ directions: [Direction], count: Int
    ) async throws(FaultError) -> [LinkMeasurement] {
        do {
            return try await probe.measure(
                directions, count: count,
                patience: impairment.delay + impairment.jitter + .milliseconds(60))
        } catch {
            throw .system(error)
        }
    }

    private func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }
}
