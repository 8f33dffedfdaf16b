// An app in a topology.

import Blueprint
import Wire

package struct AppSpec: Sendable, Equatable {
    package var cache: String
    package var store: String
    package var queue: String

    package init(cache: String, store: String, queue: String) {
        self.cache = cache
        self.store = store
        self.queue = queue
    }
}

extension AppSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        ["cache", "store", "queue"].map { ($0, ExperimentSchema.reference) }
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let cache = reader.reference(&fields, "cache", [.cache])
        let store = reader.reference(&fields, "store", [.store])
        let queue = reader.reference(&fields, "queue", [.queue])
        guard let cache, let store, let queue else { return nil }
        return .app(AppSpec(cache: cache, store: store, queue: queue))
    }

    var references: [String] { [cache, store, queue] }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = AppSettings(
            cache: topology.addresses(named: cache), shards: topology.shards(named: store),
            queue: topology.addresses(named: queue))
        settings.layout = topology.shardLayout(named: store)
        settings.queuePartitions = topology.partitionCount(named: queue)
        return .app(settings)
    }
}
