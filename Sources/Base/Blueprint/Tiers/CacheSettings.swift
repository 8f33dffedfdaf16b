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

    package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }
}

extension CacheSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow(["memoryLimit", "policy"])
        self.init(memoryLimit: try members.integer("memoryLimit", from: 1))
        try members.read("policy", into: &policy)
    }

    var json: JSON {
        ["memoryLimit": memoryLimit.json, "policy": .string(policy.rawValue)]
    }
}
