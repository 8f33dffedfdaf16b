// A balancer in a topology.

package import Blueprint
import Wire

package struct BalancerSpec: Sendable, Equatable {
    /// The tier that it spreads requests over.
    package var to: String
    package var policy: BalancingPolicy = .leastConnections

    package init(to: String) { self.to = to }
}

extension BalancerSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("policy", ExperimentSchema.words(BalancingPolicy.self)),
            ("to", ExperimentSchema.reference),
        ]
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let policy = fields.optional("policy", Checked.word("policy", BalancingPolicy.self))
        guard let to = reader.reference(&fields, "to", [.app, .balancer]) else { return nil }
        var spec = BalancerSpec(to: to)
        spec.policy = policy ?? spec.policy
        return .balancer(spec)
    }

    var references: [String] { [to] }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = BalancerSettings(backends: topology.addresses(named: to))
        settings.policy = policy
        return .balancer(settings)
    }
}
