// The end of a run in a terminal: the outcome, a table of objectives with what was measured, a table
// of faults with how the system took them, and every reason against a pass.

import Checkers
import Experiment
import History

extension RunReport {
    /// Aligned lines of plain text, or with colours.
    package func terminal(coloured: Bool) -> String {
        var lines = [headline(coloured)]
        for block in [objectives, faults, phases] {
            let table = block.lines(indent: "  ", coloured: coloured)
            if table.count > 1 { lines += [""] + table }
        }
        let notes = verdict.runReasons + writes + capacity
        if !notes.isEmpty { lines += [""] + notes.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    private func headline(_ coloured: Bool) -> String {
        let word = verdict.outcome.word.uppercased()
        let shown = coloured ? verdict.outcome.colour.paint(word) : word
        return "\(facts.experiment): \(shown) (exit code \(verdict.exitCode), seed \(facts.seed), "
            + "\(Quantity.duration(facts.elapsed)))"
    }

    private var objectives: TextTable {
        var table = TextTable()
        table.add(.init("STATUS", .faint), .init("OBJECTIVE", .faint), .init("MEASURED", .faint))
        for judgement in verdict.judgements {
            table.add(
                .init(judgement.status.text, judgement.status.colour),
                .init(judgement.objective.text), .init(judgement.measured))
        }
        return table
    }

    private var faults: TextTable {
        var table = TextTable()
        table.add(
            .init("FAULT", .faint), .init("AT", .faint), .init("RECOVERED", .faint),
            .init("FROM HEAL", .faint), .init("WORST", .faint), .init("REQUESTS LOST", .faint),
            .init("PROOF", .faint))
        for finding in verdict.faults {
            table.add(
                .init(finding.record.title), .init(Quantity.duration(finding.record.injected)),
                .init(finding.recovery.fromInjection.text),
                .init(finding.recovery.fromHeal.text),
                .init(finding.recovery.trough?.text ?? "-"),
                .init("\(finding.recovery.operationsLost)"),
                .init(finding.record.proofText, finding.record.isProven ? nil : .red))
        }
        return table
    }

    private var phases: TextTable {
        var table = TextTable()
        table.add(
            .init("PHASE", .faint), .init("LENGTH", .faint), .init("PLANNED", .faint),
            .init("AVAILABLE", .faint), .init("P50", .faint), .init("P99", .faint))
        for figures in verdict.phases {
            table.add(
                .init(figures.span.phase.rawValue),
                .init(Quantity.duration(figures.span.length)),
                .init("\(figures.count.planned)"),
                .init(Quantity.percent(figures.count.ok, of: figures.count.planned)),
                .init(figures.latency[.p50].map(Quantity.duration) ?? "-"),
                .init(figures.latency[.p99].map(Quantity.duration) ?? "-"))
        }
        return table
    }

    /// The first lost and doubled writes; the rest is in verdict.json.
    private var writes: [String] {
        guard let data = verdict.data else { return [] }
        let all = data.lost.map { "lost \($0.text)" } + data.duplicates.map(\.text)
        let rest = all.count > 5 ? ["and \(all.count - 5) more, in verdict.json"] : []
        return all.prefix(5) + rest
    }
}

extension Judgement.Status {
    fileprivate var colour: Colour {
        switch self {
        case .held: .green
        case .failed: .red
        case .noData, .unknown: .yellow
        }
    }
}

extension Verdict.Outcome {
    fileprivate var colour: Colour {
        switch self {
        case .passed: .green
        case .failed, .badExperiment, .hostLacking, .harnessFailed: .red
        case .inconclusive, .invalid, .interrupted: .yellow
        }
    }
}
