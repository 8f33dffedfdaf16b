// The keys of an app that say how it uses its cache.

import Blueprint
import Linux
import Wire

package struct CachingKeys: Sendable, Equatable {
    package var leases = true
    package var singleFlight = true
    package var earlyRefresh = true
    package var lifetimeJitter = true
    package var negativeCaching = true
    /// Nil keeps the app's own default.
    package var lifetime: Duration?
    /// A cache tier whose nodes stand in for failed ones.
    package var gutter: String?

    package init() {}
}

extension CachingKeys {
    static var schema: [(key: String, JSON)] {
        ["cache-leases", "single-flight", "early-refresh", "ttl-jitter", "negative-caching"]
            .map { ($0, ["type": "boolean"]) }
            + [
                ("cache-lifetime", ExperimentSchema.ref("duration")),
                ("gutter", ExperimentSchema.reference),
            ]
    }

    init(_ fields: inout Fields, _ reader: inout TierReader) {
        leases = fields.optional("cache-leases", Checked.boolean) ?? leases
        singleFlight = fields.optional("single-flight", Checked.boolean) ?? singleFlight
        earlyRefresh = fields.optional("early-refresh", Checked.boolean) ?? earlyRefresh
        lifetimeJitter = fields.optional("ttl-jitter", Checked.boolean) ?? lifetimeJitter
        negativeCaching = fields.optional("negative-caching", Checked.boolean) ?? negativeCaching
        lifetime = fields.optional(
            "cache-lifetime", Checked.duration(.milliseconds(10) ... .seconds(24 * 3600)))
        if fields.has("gutter") {
            gutter = reader.reference(&fields, "gutter", [.cache])
        } else {
            fields.allow(["gutter"])
        }
    }

    var references: [String] { [gutter].compactMap { $0 } }

    func apply(to settings: inout AppSettings, cache: String, in topology: Topology) {
        settings.cacheLifetime = lifetime ?? settings.cacheLifetime
        settings.caching.leases = leases
        settings.caching.singleFlight = singleFlight
        settings.caching.earlyRefresh = earlyRefresh
        settings.caching.lifetimeJitter = lifetimeJitter
        settings.caching.negativeCaching = negativeCaching
        settings.caching.gutter = gutter.map(topology.addresses(named:)) ?? []
        settings.caching.replicas = topology.cacheReplicas(named: cache)
    }
}

extension Topology {
    /// Nodes of each group of a cache that copy each other.
    func cacheReplicas(named name: String) -> Int {
        tier(named: name)?.shape.replicaCount ?? 1
    }
}
