// A cache in a topology.

package import Blueprint
import Wire

package struct CacheSpec: Sendable, Equatable {
    /// In bytes.
    package var memory = 64 << 20
    package var policy = EvictionPolicy.allkeysLRU

    package init() {}
}

extension CacheSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("memory", ExperimentSchema.ref("size")),
            ("policy", ExperimentSchema.words(EvictionPolicy.self)),
        ]
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        var spec = CacheSpec()
        spec.memory = fields.optional("memory", Checked.size(1 << 20...64 << 30)) ?? spec.memory
        let policy = fields.optional("policy", Checked.word("policy", EvictionPolicy.self))
        spec.policy = policy ?? spec.policy
        return .cache(spec)
    }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = CacheSettings(memoryLimit: memory)
        settings.policy = policy
        if case .shards(_, let replicas) = tier.shape, replicas > 1 {
            let shard = (place.shard ?? 1) - 1
            settings.group = CacheGroupSettings(
                node: place.index, members: topology.shards(named: tier.name)[shard])
        }
        return .cache(settings)
    }
}
