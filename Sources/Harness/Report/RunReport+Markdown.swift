// A summary in Markdown, for the page of a CI job or a comment on a change.

import Checkers
import Experiment
import History

extension RunReport {
    /// The whole summary.
    package func markdown() -> String {
        var parts = ["## \(cell(facts.experiment)): \(verdict.outcome.word)"]
        parts.append(
            "Seed \(facts.seed), started \(facts.started), "
                + "\(Quantity.duration(facts.elapsed)), exit code \(verdict.exitCode).")
        if !verdict.reasons.isEmpty {
            parts.append(verdict.reasons.map { "- \(cell($0))" }.joined(separator: "\n"))
        }
        if !verdict.judgements.isEmpty { parts.append(objectives) }
        if !verdict.faults.isEmpty { parts.append(faults) }
        if !verdict.phases.isEmpty { parts.append(phases) }
        if let writes { parts.append(writes) }
        parts += capacity.map { "\(cell($0.prefix(1).uppercased() + $0.dropFirst()))." }
        if !facts.host.isEmpty {
            let host = facts.host.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            parts.append("Host: \(cell(host)).")
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var objectives: String {
        table(
            ["Objective", "Status", "Measured"],
            verdict.judgements.map { ["`\($0.objective.text)`", $0.status.text, $0.measured] })
    }

    private var faults: String {
        table(
            ["Fault", "At", "Recovered", "From heal", "Worst window", "Requests lost", "Proof"],
            verdict.faults.map { finding in
                [
                    finding.record.title, Quantity.duration(finding.record.injected),
                    finding.recovery.fromInjection.text, finding.recovery.fromHeal.text,
                    finding.recovery.trough?.text ?? "", "\(finding.recovery.operationsLost)",
                    finding.record.proofText,
                ]
            })
    }

    private var phases: String {
        table(
            ["Phase", "Length", "Planned", "Available", "p50", "p99", "p99.9"],
            verdict.phases.map { figures in
                let latencies = [Objective.Percentile.p50, .p99, .p999].map { percentile in
                    figures.latency[percentile].map(Quantity.duration) ?? ""
                }
                return [
                    figures.span.phase.rawValue, Quantity.duration(figures.span.length),
                    "\(figures.count.planned)",
                    Quantity.percent(figures.count.ok, of: figures.count.planned),
                ] + latencies
            })
    }

    /// The first lost and doubled writes; nil: there are none.
    private var writes: String? {
        guard let data = verdict.data else { return nil }
        let lines = data.lost.map { "Lost: \($0.text)" } + data.duplicates.map(\.text)
        guard !lines.isEmpty else { return nil }
        let shown = lines.prefix(10).map { "- \(cell($0))" }
        let rest = lines.count > 10 ? ["- and \(lines.count - 10) more in verdict.json"] : []
        return (shown + rest).joined(separator: "\n")
    }

    private func table(_ head: [String], _ rows: [[String]]) -> String {
        let lines = [head, head.map { _ in "---" }] + rows.map { $0.map(cell) }
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    /// Text that cannot end its cell or its line.
    private func cell(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "|": result += "\\|"
            case "\n": result += " "
            default: result.append(character)
            }
        }
        return result
    }
}
