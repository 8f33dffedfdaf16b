// What an app is told: the tiers behind it, and how long it waits and remembers.

import Linux
import Wire

package struct AppSettings: Equatable, Sendable {
    package var cache: [NamedAddress]
    /// The replicas that each shard begins with, in shard order.
    package var shards: [[NamedAddress]]
    package var layout = ShardLayout()
    package var queue: [NamedAddress]
    /// Partitions of the queue: a key's partition is what `ShardKey` yields for this count.
    package var queuePartitions = 1
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
    }
}

extension AppSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "cache", "shards", "layout", "queue", "queuePartitions",
            "sessionLifetimeNanoseconds",
            "cacheLifetimeNanoseconds", "requestTimeoutNanoseconds", "caching",
        ])
        self.init(
            cache: try members.addresses("cache"), shards: try members.groups("shards"),
            queue: try members.addresses("queue"))
        try members.read(into: &layout)
        try members.read("queuePartitions", into: &queuePartitions, from: 1)
        try members.read("sessionLifetime", into: &sessionLifetime)
        try members.read("cacheLifetime", into: &cacheLifetime)
        try members.read("requestTimeout", into: &requestTimeout)
        if let json = members.optional("caching") {
            caching = try CachingSettings(Members(json, at: members.member("caching")))
        }
    }

    var json: JSON {
        [
            "cache": cache.json, "shards": shards.json,
            "layout": layout.json, "queue": queue.json,
            "queuePartitions": queuePartitions.json,
            "sessionLifetimeNanoseconds": sessionLifetime.json,
            "cacheLifetimeNanoseconds": cacheLifetime.json,
            "requestTimeoutNanoseconds": requestTimeout.json, "caching": caching.json,
        ]
    }
}
