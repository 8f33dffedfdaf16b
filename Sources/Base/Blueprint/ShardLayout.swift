// How keys are dealt to shards when a store begins: what its nodes found their shards with, and what
// its clients route by until they hear of something newer. Both compute it here, so that they agree.

package import Wire

/// How keys are dealt to shards.
package enum StoreSharding: String, CaseIterable, Sendable {
    /// By a hash of the user, as `ShardKey` does it.
    case hash
    /// By the number of the user, `usersPerShard` to each; the last shard has all that follow.
    case range
}

package struct ShardLayout: Hashable, Sendable {
    package var sharding = StoreSharding.hash
    /// Of a layout by range; more than one.
    package var usersPerShard = 10_000

    package init(_ sharding: StoreSharding = .hash, usersPerShard: Int = 10_000) {
        self.sharding = sharding
        self.usersPerShard = usersPerShard
    }

    package func rule(shardCount: Int) -> ShardRule {
        switch sharding {
        case .hash: .hash(shards: UInt64(shardCount))
        case .range: .user
        }
    }

    /// What the shard, counted from 0, owns in the beginning.
    package func range(of shard: Int, shardCount: Int) -> ShardRange {
        let width: UInt64 =
            switch sharding {
            case .hash: 1 << ShardRule.hashBits
            case .range: UInt64(usersPerShard)
            }
        let lower = UInt64(shard) * width
        let isOpen = sharding == .range && shard == shardCount - 1
        return ShardRange(lower: lower, upper: isOpen ? nil : lower + width)
    }
}

extension ShardLayout {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow(["sharding", "usersPerShard"])
        try members.read("sharding", into: &sharding)
        try members.read("usersPerShard", into: &usersPerShard, from: 1)
    }

    var json: JSON {
        ["sharding": .string(sharding.rawValue), "usersPerShard": usersPerShard.json]
    }
}

extension Members {
    /// Under the key `layout`, where it is there.
    func read(into layout: inout ShardLayout) throws(BlueprintError) {
        guard let json = optional("layout") else { return }
        layout = try ShardLayout(try Members(json, at: member("layout")))
    }
}
