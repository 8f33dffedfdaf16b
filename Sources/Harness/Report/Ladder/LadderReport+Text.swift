// The ladder in a terminal: a table, bars on a logarithmic scale, and for each rung the evidence.

import Checkers
import Experiment

extension LadderReport {
    /// Aligned lines of plain text, or with colours.
    package func text(coloured: Bool) -> String {
        var lines = [headline, ""] + table.lines(indent: "  ", coloured: coloured)
        lines += ["", "  users, logarithmic: # measured, . claimed"] + bars
        for rung in rungs { lines += [""] + details(rung) }
        lines += claims
        lines += ["", "  " + assumption] + heldLine.map { "  " + $0 }
        if let failure { lines += ["  the harness failed: \(failure)"] }
        return lines.joined(separator: "\n") + "\n"
    }

    private var headline: String {
        "ladder: \(outcome.word.uppercased()) (exit code \(outcome.exitCode), seed \(seed), "
            + "\(Quantity.duration(elapsed))); objectives: " + objectives.joined(separator: ", ")
    }

    private var table: TextTable {
        var table = TextTable()
        let heads = [
            "PHASE", "NODES", "CLAIM", "MEASURED", "RATE", "OF PHASE 1", "SATURATED FIRST",
            "ONE KILL",
        ]
        table.add(heads.map { .init($0, .faint) })
        for rung in rungs {
            let rate = rung.result?.rate
            let cells = [
                rung.name, "\(rung.nodes)", rung.claim.map(Self.count) ?? "-",
                rate.map { Self.count(users(at: $0)) } ?? "-", rateText(rung), factor(rung),
                saturated(rung), rung.kills.first.map(Self.short) ?? "-",
            ]
            table.add(cells.map { .init($0, rung.isMeasured ? nil : .yellow) })
        }
        return table
    }

    /// As `180/s`, `>= 180/s` where something else was the limit, or why there is no rate.
    func rateText(_ rung: LadderRung) -> String {
        guard let result = rung.result else { return "not measured" }
        guard let rate = result.rate else { return "holds at no rate" }
        let mark = result.isAtLeast ? ">= " : ""
        let end = result.failing.map { ", not \(Self.rate($0))" } ?? ""
        return mark + Self.rate(rate) + end + (result.isConfirmed ? "" : " (not confirmed)")
    }

    /// How many times the first rung's rate, and what the article has it at.
    private func factor(_ rung: LadderRung) -> String {
        guard let first = rungs.first?.result?.rate, let rate = rung.result?.rate, first > 0
        else { return "-" }
        let measured = Quantity.fraction(Int64((rate / first * 10).rounded()), places: 1)
        guard let claim = rung.claim, let least = rungs.first?.claim else { return "x\(measured)" }
        return "x\(measured) (claim x\(claim / max(least, 1)))"
    }

    private func saturated(_ rung: LadderRung) -> String {
        guard let bottleneck = rung.bottleneck else { return "-" }
        let tier = "\(bottleneck.finding.tier) (\(bottleneck.finding.resource.rawValue))"
        return bottleneck.isSaturated ? tier : "none; nearest \(tier)"
    }

    private static func short(_ kill: LadderKill) -> String {
        "\(kill.cost.node): \(Quantity.percent(kill.cost.usersAffected, of: kill.cost.users)) "
            + "of users, \(kill.cost.recovery.text)"
    }

    // MARK: Bars

    private static let barWidth = 48

    private var bars: [String] {
        let name = rungs.map(\.name.count).max() ?? 0
        let most = rungs.flatMap { [$0.claim, $0.result?.rate.map(users)] }.compactMap { $0 }.max()
        return rungs.map { rung in
            let claimed = Self.length(rung.claim ?? 0, of: most ?? 1)
            let measured = Self.length(rung.result?.rate.map(users) ?? 0, of: most ?? 1)
            let bar = (0..<max(claimed, measured)).map { $0 < measured ? "#" : "." }.joined()
            let pad = String(repeating: " ", count: name - rung.name.count)
            return "  \(rung.name)\(pad)  |\(bar)"
        }
    }

    /// Columns of a bar: one user has none, the most have all.
    static func length(_ users: Int, of most: Int) -> Int {
        guard users > 1, most > 1 else { return 0 }
        return Int((Self.log10(Double(users)) / log10(Double(most)) * Double(barWidth)).rounded())
    }

    // MARK: Evidence

    private func details(_ rung: LadderRung) -> [String] {
        var lines = ["  \(rung.name): \(rateText(rung)) after \(rung.trials.count) trials"]
        if let trial = rung.trials.last(where: { $0.rate == rung.result?.rate }) {
            lines.append("    held: \(trial.text)")
        }
        let above = rung.trials.filter { $0.outcome != .held && $0.rate > rung.result?.rate ?? 0 }
        if let trial = above.min(by: { $0.rate < $1.rate }) {
            lines.append(
                "    broke at \(Self.rate(trial.rate)): " + trial.reasons.joined(separator: "; "))
        }
        if let found = rung.bottleneck {
            let word = found.isSaturated ? "saturated first" : "nothing was saturated; nearest"
            lines.append(
                "    \(word): \(found.finding.tier) at \(Self.rate(found.rate)), "
                    + found.finding.evidence)
        }
        if !rung.costs.isEmpty {
            lines.append("    a request costs " + rung.costs.map(Self.cost).joined(separator: "; "))
        }
        lines += rung.kills.map { "    \($0.text)" }
        if !rung.next.isEmpty {
            lines.append("    the next phase: " + rung.next.joined(separator: "; "))
        }
        return lines + rung.problems.map { "    problem: \($0)" }
    }

    /// As `store 62 us on 1 node, full at 1600/s`.
    private static func cost(_ cost: TierCost) -> String {
        "\(cost.tier) \(cost.text) on \(cost.nodes) \(cost.nodes == 1 ? "node" : "nodes"), full at "
            + rate(cost.ceiling)
    }

    /// Whether each phase removes the bottleneck of the one before; empty for a single one.
    private var claims: [String] {
        if steps.isEmpty { return [] }
        return ["", "  does each phase remove the bottleneck of the one before?"]
            + steps.map { "    \($0.from) to \($0.to): \($0.claim.rawValue): \($0.text)" }
    }

    var assumption: String {
        "users = rate x \(Quantity.fraction(Int64(thinkTime * 10), places: 1)) s, one request a user "
            + "in that time; the claims are the article's, of machines of its own"
    }

    /// What the kernel held the nodes to; nil: nothing.
    var heldLine: [String] {
        let held = rungs.filter(\.isHeld)
        if held.isEmpty {
            return ["no node was held to a budget: the figures are this host's, not a phase's"]
        }
        let texts = Set(held.flatMap { $0.budgets.map(\.value) })
        let names =
            held.count == rungs.count ? "each node" : held.map(\.name).joined(separator: ", ")
        return [
            "\(names) was held by cgroup to "
                + (texts.count == 1 ? texts.first ?? "" : "its tier's budget")
                + ": compare the phases with each other, not with machines"
        ]
    }

    /// The decimal logarithm of a number of at least 1, without libm: squarings give its binary digits.
    static func log10(_ value: Double) -> Double { log2(value) / 3.321_928_094_887_362 }

    private static func log2(_ value: Double) -> Double {
        precondition(value >= 1, "a logarithm below 0 has no bar")
        var result = Double(value.exponent)
        var rest = value.significand
        var digit = 0.5
        for _ in 0..<24 {
            rest *= rest
            if rest >= 2 {
                rest /= 2
                result += digit
            }
            digit /= 2
        }
        return result
    }
}
