// An app in a topology. What it leans on depends on its mode:
//
//     app: {role: app, mode: stateless, store: store, cache: cache, queue: queue}
//     app: {role: app, mode: sticky, store: store}           # cache and queue as above
//     app: {role: app, mode: monolith}                       # leans on nobody
//
// Without a cache reads and sessions go to the store; without a queue an order is done before it
// is answered.

package import Blueprint
import Wire

package struct AppSpec: Sendable, Equatable {
    package var mode = AppMode.stateless
    /// Nil in a monolith alone.
    package var store: String?
    package var cache: String?
    package var queue: String?
    /// Nil: the cache where there is one.
    package var sessions: SessionPlace?
    package var reads = AppReads.leader
    package var caching = CachingKeys()
    /// The time that an order takes where no worker does it; nil keeps the app's own default.
    package var work: Duration?

    package init() {}
}

extension AppSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("mode", ExperimentSchema.words(AppMode.self)),
            ("cache", ExperimentSchema.reference), ("store", ExperimentSchema.reference),
            ("queue", ExperimentSchema.reference),
            ("sessions", ExperimentSchema.words(SessionPlace.self)),
            ("reads", ExperimentSchema.words(AppReads.self)),
            ("work", ExperimentSchema.ref("duration")),
        ] + CachingKeys.schema
    }

    /// Which keys it needs, its mode says: the reader knows, a schema does not.
    static var needed: [String] { [] }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        var spec = AppSpec()
        let mode = fields.optional("mode", Checked.word("mode", AppMode.self))
        spec.mode = mode ?? spec.mode
        let isRead =
            spec.mode == .monolith
            ? spec.refuseTiers(&fields) : spec.readTiers(&fields, &reader)
        spec.work = fields.optional("work", Checked.duration(.zero ... .seconds(60)))
        if spec.queue != nil {
            fields.forbid("work", "\"work\" is the worker's where there is a queue")
        }
        return isRead ? .app(spec) : nil
    }

    private mutating func readTiers(
        _ fields: inout Fields, _ reader: inout TierReader
    ) -> Bool {
        store = reader.reference(&fields, "store", [.store])
        cache = reader.optionalReference(&fields, "cache", [.cache])
        queue = reader.optionalReference(&fields, "queue", [.queue])
        if mode == .sticky {
            fields.forbid("sessions", "a sticky app keeps sessions in its own memory")
        } else {
            sessions = fields.optional("sessions", Checked.word("place", SessionPlace.self))
        }
        if sessions == .cache, !fields.has("cache") {
            fields.forbid("sessions", "sessions: cache needs the key \"cache\"")
        }
        let reads = fields.optional("reads", Checked.word("replicas to read", AppReads.self))
        self.reads = reads ?? self.reads
        caching = CachingKeys(&fields, &reader)
        return store != nil
    }

    private func refuseTiers(_ fields: inout Fields) -> Bool {
        for key in ["store", "cache", "queue", "sessions", "reads"] {
            fields.forbid(key, "a monolith has everything in itself and takes no \"\(key)\"")
        }
        return true
    }

    var references: [String] { [cache, store, queue].compactMap { $0 } + caching.references }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = AppSettings(
            cache: cache.map(topology.addresses(named:)) ?? [],
            shards: store.map(topology.shards(named:)) ?? [],
            queue: queue.map(topology.addresses(named:)) ?? [])
        settings.mode = mode
        settings.layout = store.map(topology.shardLayout(named:)) ?? settings.layout
        settings.queuePartitions = queue.map(topology.partitionCount(named:)) ?? 1
        settings.sessions = sessions ?? settings.sessions
        settings.reads = reads
        settings.work = work ?? settings.work
        settings.storeTakesContext = store.map(topology.isOurs) ?? false
        settings.queueTakesContext = queue.map(topology.isOurs) ?? false
        settings.cacheTakesContext = cache.map(topology.isOurs) ?? false
        if let cache { caching.apply(to: &settings, cache: cache, in: topology) }
        return .app(settings)
    }
}
