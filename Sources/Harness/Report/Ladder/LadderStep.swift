// From one phase to the next: whether the claim holds that the next one removes the bottleneck of the one
// before. It is judged by two findings, and bent by nothing:
//
//     holds     the rate at which the phase before broke holds, and another tier is now
//               the first to saturate
//     eased     the rate rose so far, and the same tier is still the first
//     fails     the rate did not rise so far; the text says who stood in the way, and what it costs
//     unknown   one of the two was not measured, or the host or the generator was the limit, not a tier

import Checkers

package struct LadderStep: Sendable {
    package enum Claim: String, Sendable {
        case holds, eased, fails, unknown
    }

    package let from: String
    package let to: String
    package let claim: Claim
    /// One sentence without a full stop.
    package let text: String

    init(_ from: LadderRung, _ to: LadderRung) {
        self.from = from.name
        self.to = to.name
        guard let before = Limit(from), let after = Limit(to) else {
            claim = .unknown
            text = [from, to].compactMap(Limit.lack).joined(separator: "; ")
            return
        }
        let change =
            "\(LadderReport.rate(before.rate)) to \(LadderReport.rate(after.rate)), "
            + "x\(Quantity.fraction(Int64((after.rate / before.rate * 10).rounded()), places: 1))"
        let isSame = before.tier == after.tier && before.resource == after.resource
        switch (after.rate >= before.failing, isSame) {
        case (true, false):
            claim = .holds
            text = "\(change); \(before.name) was first to saturate, now it is \(after.name)"
        case (true, true):
            claim = .eased
            text = "\(change); \(after.name) is the first to saturate in both\(after.cause)"
        case (false, true):
            claim = .fails
            text =
                "\(change); \(after.name) is the first to saturate in both"
                + after.cause(against: before)
        case (false, false):
            claim = .fails
            text =
                "\(change); \(before.name) is relieved, but \(after.name) saturates at no higher "
                + "rate\(after.cause)"
        }
    }
}

/// Where a rung broke, and on whom.
private struct Limit {
    let rate: Double
    /// The lowest rate that did not hold.
    let failing: Double
    let tier: String
    let resource: Bottleneck.Resource
    let cost: TierCost?
    /// Cores of a node.
    let budget: String?

    init?(_ rung: LadderRung) {
        guard Limit.lack(rung) == nil, let rate = rung.result?.rate,
            let failing = rung.result?.failing, let finding = rung.bottleneck?.finding
        else { return nil }
        self.rate = rate
        self.failing = failing
        tier = finding.tier
        resource = finding.resource
        cost = rung.costs.first { $0.tier == finding.tier }
        budget = rung.budgets.first { $0.name == finding.tier }?.value
    }

    /// Why a rung says nothing of a tier's limit; nil: it does.
    static func lack(_ rung: LadderRung) -> String? {
        guard rung.isMeasured, let result = rung.result, result.rate != nil else {
            return "\(rung.name) was not measured"
        }
        guard result.failing != nil, result.limit == .objectives else {
            return "\(rung.name) was not brought to its limit"
        }
        guard let bottleneck = rung.bottleneck, bottleneck.isSaturated else {
            return "no tier of \(rung.name) was saturated where it broke"
        }
        return bottleneck.finding.resource == .host
            ? "the host was too small for \(rung.name), not a tier of it" : nil
    }

    var name: String { "\(tier) (\(resource.rawValue))" }

    /// Why no more: what a request costs there. Empty where it is not the processor.
    var cause: String {
        guard resource == .cpu, let cost else { return "" }
        let size = cost.nodes == 1 ? "one node" : "\(cost.nodes) nodes"
        return ": a request costs it \(cost.text) on \(size)"
            + (budget.map { " of \($0) each" } ?? "")
            + ", full at \(LadderReport.rate(cost.ceiling))"
    }

    func cause(against before: Limit) -> String {
        guard !cause.isEmpty, let was = before.cost else { return cause }
        return cause + ", after \(was.text) before"
    }
}

extension TierCost {
    /// As `62 us`.
    var text: String {
        perRequest < 10
            ? "\(Quantity.fraction(Int64((perRequest * 10).rounded()), places: 1)) us"
            : "\(Int(perRequest.rounded())) us"
    }
}

extension LadderReport {
    /// One for each two rungs that follow each other.
    package var steps: [LadderStep] { zip(rungs, rungs.dropFirst()).map { LadderStep($0, $1) } }
}
