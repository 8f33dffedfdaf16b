// What a person sees while a run goes on: on a terminal one line that is rewritten four times a
// second, with the events above it; elsewhere one plain line a second and event.

import Experiment
package import History
import Linux
import Load
package import Reactor

/// Shows a run on standard error.
@ReactorActor
package final class LiveView {
    private let isTerminal: Bool
    private let colours: Bool
    private let isQuiet: Bool
    private var hasStatusLine = false

    package init(isTerminal: Bool, colours: Bool, isQuiet: Bool = false) {
        self.isTerminal = isTerminal
        self.colours = colours && isTerminal
        self.isQuiet = isQuiet
    }

    /// How often the status is worth renewing.
    var interval: Duration { isTerminal ? .milliseconds(250) : .seconds(1) }

    /// One line of its own.
    package func say(_ text: String) {
        if isQuiet { return }
        clearStatus()
        StandardError.write(text + "\n")
    }

    package func show(_ event: TimelineEvent) {
        let what: String
        let nodes =
            event.nodes.count > 4
            ? "\(event.nodes.prefix(3).joined(separator: ", ")) and \(event.nodes.count - 3) more"
            : event.nodes.joined(separator: ", ")
        let evidence = event.evidence.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        switch event.kind {
        case .phaseStart: what = "phase \(event.step)"
        case .inject: what = paint("31", "fault \(event.fault ?? "")") + " on \(nodes)"
        case .proved: what = "proved \(event.fault ?? ""): \(evidence)"
        case .heal: what = paint("32", "heal \(event.fault ?? "")") + " on \(nodes)"
        case .provedHealed: what = "healed \(event.fault ?? "")" + suffix(evidence)
        case .restart: what = "restart \(nodes)"
        case .note: what = paint("33", "note") + " \(evidence)"
        case .abort: what = paint("31", "abort") + " \(evidence)"
        }
        say("\(clock(event.actual))  \(what)")
    }

    func status(_ phase: String, at offset: Int64, _ stats: LoadStats, _ faults: [String]) {
        if isQuiet { return }
        let last = stats.lastSecond
        let rate = "\(Int(last.rate.rounded()))/s"
        let p99 = last.p99.map { "\(($0.nanoseconds + 50_000) / 100_000)".tenths + "ms" } ?? "-"
        let standing = faults.isEmpty ? "" : "  " + paint("31", faults.joined(separator: " "))
        let text =
            "\(clock(offset))  \(phase)  \(rate)  errors \(stats.notOK)  p99 \(p99)"
            + "  in flight \(stats.counts.inFlight)\(standing)"
        if isTerminal {
            StandardError.write("\r\u{1B}[2K" + text)
            hasStatusLine = true
        } else {
            StandardError.write(text + "\n")
        }
    }

    package func clearStatus() {
        if hasStatusLine { StandardError.write("\r\u{1B}[2K") }
        hasStatusLine = false
    }

    private func suffix(_ evidence: String) -> String { evidence.isEmpty ? "" : ": \(evidence)" }

    private func clock(_ offset: Int64) -> String {
        let tenths = max(0, offset) / 100_000_000
        let text = "\(tenths / 10).\(tenths % 10)s"
        return String(repeating: " ", count: max(0, 6 - text.count)) + text
    }

    private func paint(_ code: String, _ text: String) -> String {
        colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// Digits with a point before the last: `123` becomes `12.3`.
    fileprivate var tenths: String {
        let digits = count < 2 ? "0" + self : self
        return digits.dropLast() + "." + digits.suffix(1)
    }
}

/// Standard error, one write a piece; what cannot be written is dropped.
package enum StandardError {
    package static func write(_ text: String) { Output.write(text, to: 2) }
}
