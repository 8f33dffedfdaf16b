// How an app uses its cache: each of the means against herds, stale sets and failed nodes can be switched off,
// so that an experiment can show what it is for.

import Linux
import Wire

package struct CachingSettings: Equatable, Sendable {
    /// One client at a time may fill a missing key, and only if nothing changed it meanwhile (NSDI'13,
    /// section 3.2.1). Needs a cache that has leases; with any other, documents carry versions.
    package var leases = true
    /// Requests of one app for the same missing document share one read of the store.
    package var singleFlight = true
    /// A document is read anew before it expires, by chance and the sooner the longer that takes
    /// (Vattani et al., VLDB 2015). Needs leases, which tell the time that is left.
    package var earlyRefresh = true
    /// Lifetimes are spread by a tenth either way.
    package var lifetimeJitter = true
    /// That there is no such document is remembered too, for `absenceLifetime`.
    package var negativeCaching = true
    /// Short, since nobody tells the cache of what comes into being elsewhere.
    package var absenceLifetime: Duration = .seconds(2)
    /// Nodes of each group of the cache that copy each other; the nodes are listed group by group.
    package var replicas = 1
    /// Nodes that stand in for one that fails (NSDI'13, section 3.3); none: the store does.
    package var gutter: [NamedAddress] = []

    package init() {}
}

extension CachingSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "leases", "singleFlight", "earlyRefresh", "lifetimeJitter", "negativeCaching",
            "absenceLifetimeNanoseconds", "replicas", "gutter",
        ])
        try members.read("leases", into: &leases)
        try members.read("singleFlight", into: &singleFlight)
        try members.read("earlyRefresh", into: &earlyRefresh)
        try members.read("lifetimeJitter", into: &lifetimeJitter)
        try members.read("negativeCaching", into: &negativeCaching)
        try members.read("absenceLifetime", into: &absenceLifetime)
        try members.read("replicas", into: &replicas, from: 1)
        if members.optional("gutter") != nil { gutter = try members.addresses("gutter") }
    }

    var json: JSON {
        [
            "leases": .bool(leases), "singleFlight": .bool(singleFlight),
            "earlyRefresh": .bool(earlyRefresh), "lifetimeJitter": .bool(lifetimeJitter),
            "negativeCaching": .bool(negativeCaching),
            "absenceLifetimeNanoseconds": absenceLifetime.json, "replicas": replicas.json,
            "gutter": gutter.json,
        ]
    }
}
