// Whether a link carries as much as it should and no more: a row of probes that fills it for a third
// of a second, and the time from the first that arrives to the last.

import Experiment
import History
import Linux
import Testbed

/// Plans and judges the probes that fill a link.
struct RateProof {
    private let bitsPerSecond: Int

    init(_ limit: RateLimit) { bitsPerSecond = limit.bitsPerSecond }

    static let length: Duration = .milliseconds(300)
    static let interval: Duration = .milliseconds(1)
    /// Ethernet, IPv4 and UDP headers (RFC 894, 791, 768): what the link counts beside the payload.
    private static let headers = 14 + 20 + 8

    /// Large where the link is fast, so that few are needed; small where one would take too long.
    var size: Int { bitsPerSecond >= 1_000_000 ? 1472 : 32 }

    private var frameBits: Int { (size + Self.headers) * 8 }

    /// A third more than fits, so that the queue is never empty and never long.
    var count: Int {
        max(12, Int(1.33 * Double(bitsPerSecond) * Self.length.seconds) / frameBits)
    }

    var burst: Int {
        1 + Int(1.33 * Double(bitsPerSecond) * Self.interval.seconds) / frameBits
    }

    /// Traffic of the stack shares the link, so that probes may find less of it free; more never.
    ///
    /// `others` counts the packets beside the probes.
    func judge(_ measured: [LinkMeasurement], others: Int) throws(FaultError) -> [Evidence] {
        var rates: [Double] = []
        for link in measured {
            guard let span = link.span, link.received > 3, span.last > span.first else {
                throw .unproven("too few probes arrived over \(link.direction)")
            }
            let rate = Double((link.received - 1) * frameBits) / (span.last - span.first).seconds
            let promised = Double(bitsPerSecond)
            let isBusy = others > link.sent / 20
            let least = promised * (isBusy ? 0.02 : bitsPerSecond > 200_000_000 ? 0.5 : 0.9)
            guard rate >= least, rate <= promised * 1.05 else {
                throw .unproven(
                    "\(link.direction) carries \(Self.text(rate)), promised \(Self.text(promised))")
            }
            rates.append(rate)
        }
        guard let most = rates.max() else { throw .unproven("no link was measured") }
        return [Evidence("rate", Self.text(most))]
    }

    /// Megabits a second with three decimals.
    static func text(_ bits: Double) -> String {
        let thousandths = Int((bits / 1000).rounded())
        let rest = "\(thousandths % 1000)"
        let zeros = String(repeating: "0", count: 3 - rest.count)
        return "\(thousandths / 1000).\(zeros)\(rest)Mbit/s"
    }
}
