// An app in a topology.

import Blueprint
import Wire

package struct AppSpec: Sendable, Equatable {
    package var cache: String
    package var store: String
    package var queue: String
    package var caching = CachingKeys()

    package init(cache: String, store: String, queue: String) {
        self.cache = cache
        self.store = store
        self.queue = queue
    }
}

extension AppSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        ["cache", "store", "queue"].map { ($0, ExperimentSchema.reference) } + CachingKeys.schema
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let cache = reader.reference(&fields, "cache", [.cache])
        let store = reader.reference(&fields, "store", [.store])
        let queue = reader.reference(&fields, "queue", [.queue])
        let caching = CachingKeys(&fields, &reader)
        guard let cache, let store, let queue else { return nil }
        var spec = AppSpec(cache: cache, store: store, queue: queue)
        spec.caching = caching
        return .app(spec)
    }

    var references: [String] { [cache, store, queue] + caching.references }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = AppSettings(
            cache: topology.addresses(named: cache), shards: topology.shards(named: store),
            queue: topology.addresses(named: queue))
        caching.apply(to: &settings, cache: cache, in: topology)
        settings.layout = topology.shardLayout(named: store)
        settings.queuePartitions = topology.partitionCount(named: queue)
        return .app(settings)
    }
}
