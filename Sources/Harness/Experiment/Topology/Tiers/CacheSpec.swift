// A cache in a topology.

import Blueprint
import Wire

package struct CacheSpec: Sendable, Equatable {
    /// In bytes.
    package var memory = 64 << 20

    package init() {}
}

extension CacheSpec: TierSpecification {
    static var schema: [(key: String, JSON)] { [("memory", ExperimentSchema.ref("size"))] }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        var spec = CacheSpec()
        spec.memory = fields.optional("memory", Checked.size(1 << 20...64 << 30)) ?? spec.memory
        return .cache(spec)
    }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        .cache(CacheSettings(memoryLimit: memory))
    }
}
