// What a cache is told: how much it may hold, and what goes when that is reached.

import Linux
import Wire

/// Which key goes when memory is short, in the words of redis.conf's maxmemory-policy.
package enum EvictionPolicy: String, CaseIterable, Sendable {
    /// None: writes that need room are refused.
    case noeviction
    /// The least recently used.
    case allkeysLRU = "allkeys-lru"
    /// The least frequently used.
    case allkeysLFU = "allkeys-lfu"
    /// The least recently used of the keys that expire.
    case volatileLRU = "volatile-lru"
    /// Of the keys that expire, the one that expires first.
    case volatileTTL = "volatile-ttl"
}

package struct CacheSettings: Equatable, Sendable {
    /// In bytes; past it keys are evicted as the policy has it.
    package var memoryLimit: Int
    package var policy = EvictionPolicy.allkeysLRU
    /// The nodes that copy each other; nil for a cache of one.
    package var group: CacheGroupSettings?

    package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }
}

extension CacheSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow(["memoryLimit", "policy", "group"])
        self.init(memoryLimit: try members.integer("memoryLimit", from: 1))
        try members.read("policy", into: &policy)
        if let json = members.optional("group"), json != .null {
            group = try CacheGroupSettings(Members(json, at: members.member("group")))
        }
    }

    var json: JSON {
        [
            "memoryLimit": memoryLimit.json, "policy": .string(policy.rawValue),
            "group": group?.json ?? .null,
        ]
    }
}

/// Caches of which one leads and the others copy it.
package struct CacheGroupSettings: Equatable, Sendable {
    /// Which of `members` this node is, counted from 1.
    package var node: Int
    package var members: [NamedAddress]
    /// How long a leader may not be heard before another is chosen; each election draws from this up to
    /// twice this. Also how long a leader that hears nobody still takes writes.
    package var electionTimeout: Duration = .milliseconds(600)

    package init(node: Int, members: [NamedAddress]) {
        self.node = node
        self.members = members
    }
}

extension CacheGroupSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow(["node", "members", "electionTimeoutNanoseconds"])
        self.init(
            node: try members.integer("node", from: 1), members: try members.addresses("members"))
        try members.read("electionTimeout", into: &electionTimeout)
        guard node <= self.members.count else {
            throw BlueprintError(
                member: members.member("node"), problem: .outOfRange(Int64(node)))
        }
    }

    var json: JSON {
        [
            "node": node.json, "members": members.json,
            "electionTimeoutNanoseconds": electionTimeout.json,
        ]
    }
}
