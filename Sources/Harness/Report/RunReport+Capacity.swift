// What a report says of the room that the nodes had: the budgets that they were held to, and the tier
// that was, or would be next, the bottleneck.

import Checkers
package import Wire

extension RunReport {
    /// Sentences without a full stop.
    var capacity: [String] {
        let budgets = facts.budgets.map { "\($0.name) \($0.value)" }.joined(separator: "; ")
        return [verdict.bottleneck?.text].compactMap { $0 }
            + (budgets.isEmpty ? [] : ["each node was held to its budget: \(budgets)"])
    }
}

extension Bottleneck {
    package var json: JSON { ["tiers": .array(findings.map(\.json))] }
}

extension Bottleneck.Finding {
    package var json: JSON {
        [
            "tier": .string(tier), "node": .string(node), "resource": .string(resource.rawValue),
            "pressure": .number((pressure * 1000).rounded() / 1000),
            "saturatedSinceNanoseconds": saturatedSince.map(JSON.integer) ?? .null,
            "evidence": .string(evidence),
        ]
    }
}
