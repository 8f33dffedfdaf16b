// What an app is told: how it keeps state, the tiers behind it, and how long it waits and remembers.

import Linux
import Wire

/// Where an app leaves what must outlive a request.
package enum AppMode: String, CaseIterable, Sendable {
    /// In the tiers behind it, so that any app can serve any user.
    case stateless
    /// Sessions in its own memory: whoever signed in here is a stranger to every other app, and to
    /// this one after a restart. It shows what being stateless is for.
    case sticky
    /// Everything in this one process, on its own disk.
    case monolith
}

/// Where an app keeps the sessions of its users.
package enum SessionPlace: String, CaseIterable, Sendable {
    case cache, store
}

/// Which replicas of a shard an app reads from.
package enum AppReads: String, CaseIterable, Sendable {
    case leader
    /// Any replica, which asks the leader how far to be first: as fresh, and shared out.
    case followers
}

package struct AppSettings: Equatable, Sendable {
    package var mode = AppMode.stateless
    /// Empty: reads go to the store.
    package var cache: [NamedAddress]
    /// The replicas that each shard begins with, in shard order. Empty in a monolith alone.
    package var shards: [[NamedAddress]]
    package var layout = ShardLayout()
    /// Empty: orders are done before they are answered.
    package var queue: [NamedAddress]
    /// Partitions of the queue: a key's partition is what `ShardKey` yields for this count.
    package var queuePartitions = 1
    /// Of a stateless app; the cache where there is one, unless said otherwise.
    package var sessions: SessionPlace
    package var reads = AppReads.leader
    /// The time that an order takes where no worker does it.
    package var work: Duration = .milliseconds(10)
    /// Whether the store, the queue and the cache know `WITH id milliseconds COMMAND`; a program of others in
    /// their place does not.
    package var storeTakesContext = false
    package var queueTakesContext = false
    package var cacheTakesContext = false
    package var sessionLifetime: Duration = .seconds(1800)
    /// How stale a cached read may get when its invalidation was lost.
    package var cacheLifetime: Duration = .seconds(30)
    package var caching = CachingSettings()
    /// Below the client's timeout, so that the app answers before its caller gives up.
    package var requestTimeout: Duration = .milliseconds(1800)

    package init(cache: [NamedAddress], shards: [[NamedAddress]], queue: [NamedAddress]) {
        self.cache = cache
        self.shards = shards
        self.queue = queue
        sessions = cache.isEmpty ? .store : .cache
    }
}

extension AppSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "mode", "cache", "shards", "layout", "queue", "queuePartitions", "sessions", "reads",
            "workNanoseconds", "storeTakesContext", "queueTakesContext",
            "cacheTakesContext", "sessionLifetimeNanoseconds", "cacheLifetimeNanoseconds",
            "requestTimeoutNanoseconds", "caching",
        ])
        self.init(
            cache: try members.addresses("cache"), shards: try members.groups("shards"),
            queue: try members.addresses("queue"))
        try members.read("mode", into: &mode)
        try members.read(into: &layout)
        try members.read("queuePartitions", into: &queuePartitions, from: 1)
        try members.read("sessions", into: &sessions)
        try members.read("reads", into: &reads)
        try members.read("work", into: &work)
        try members.read("storeTakesContext", into: &storeTakesContext)
        try members.read("queueTakesContext", into: &queueTakesContext)
        try members.read("cacheTakesContext", into: &cacheTakesContext)
        try members.read("sessionLifetime", into: &sessionLifetime)
        try members.read("cacheLifetime", into: &cacheLifetime)
        try members.read("requestTimeout", into: &requestTimeout)
        if let json = members.optional("caching") {
            caching = try CachingSettings(Members(json, at: members.member("caching")))
        }
        try check(members)
    }

    /// Members that do not go together would be found out by the first request only.
    private func check(_ members: Members) throws(BlueprintError) {
        if mode != .monolith, shards.isEmpty {
            throw BlueprintError(member: members.member("shards"), problem: .missing)
        }
        if mode == .stateless, sessions == .cache, cache.isEmpty {
            throw BlueprintError(member: members.member("cache"), problem: .missing)
        }
    }

    var json: JSON {
        [
            "mode": .string(mode.rawValue), "cache": cache.json, "shards": shards.json,
            "layout": layout.json, "queue": queue.json, "queuePartitions": queuePartitions.json,
            "sessions": .string(sessions.rawValue), "reads": .string(reads.rawValue),
            "workNanoseconds": work.json, "storeTakesContext": .bool(storeTakesContext),
            "queueTakesContext": .bool(queueTakesContext),
            "cacheTakesContext": .bool(cacheTakesContext),
            "sessionLifetimeNanoseconds": sessionLifetime.json,
            "cacheLifetimeNanoseconds": cacheLifetime.json,
            "requestTimeoutNanoseconds": requestTimeout.json, "caching": caching.json,
        ]
    }
}
