// What a replica of the store is told: its shard, its peers, and when a write counts as done.

import Linux
import Wire

/// How a shard's log is replicated.
package enum StoreReplication: String, CaseIterable, Sendable {
    /// A write is acknowledged once a majority has it on disk: no failover loses it.
    case majority
    /// Leader and followers, as many databases do it by default: the leader acknowledges after its
    /// own disk and ships the log meanwhile. When it fails a follower takes over with what has
    /// arrived, and acknowledged writes may be lost. There to be compared, and to be caught.
    case async
}

package struct StoreSettings: Equatable, Sendable {
    /// The shard that this node begins with; counted from 0, as `ShardKey` counts.
    package var shard: Int
    package var shardCount: Int
    /// Which of `replicas` this node is.
    package var replica: Int
    package var replicas: [ReplicaAddress]
    /// The replicas of every shard in shard order, this one's included: the nodes that a shard can
    /// be moved to. Empty where there is one shard.
    package var shards: [[ReplicaAddress]] = []
    package var layout = ShardLayout()
    package var acknowledge: ReplicaAcknowledgement = .majority
    /// The same choice in the words of a database's manual.
    package var replication: StoreReplication {
        get { acknowledge == .leader ? .async : .majority }
        set { acknowledge = newValue == .async ? .leader : .majority }
    }
    package var heartbeat: Duration = .milliseconds(50)
    /// The least election timeout; each election draws from this up to twice this. Several
    /// heartbeats long, or a late packet deposes a healthy leader.
    package var electionTimeout: Duration = .milliseconds(300)
    /// Bytes of address space that LMDB reserves; the file grows only as far as data goes.
    package var mapSize = 1 << 30

    package init(shard: Int, shardCount: Int, replica: Int, replicas: [ReplicaAddress]) {
        self.shard = shard
        self.shardCount = shardCount
        self.replica = replica
        self.replicas = replicas
    }
}

extension StoreSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "shard", "shardCount", "replica", "replicas", "shards", "layout",
            "acknowledge", "replication", "heartbeatNanoseconds", "electionTimeoutNanoseconds",
            "mapSize",
        ])
        let replicas = try ReplicaAddress.list(
            try members.required("replicas"), at: members.member("replicas"))
        self.init(
            shard: try members.integer("shard", from: 0),
            shardCount: try members.integer("shardCount", from: 1),
            replica: try members.integer("replica", from: 1), replicas: replicas)
        guard shard < shardCount else {
            throw BlueprintError(
                member: members.member("shard"), problem: .outOfRange(Int64(shard)))
        }
        guard replicas.contains(where: { $0.id == replica }) else {
            throw BlueprintError(
                member: members.member("replica"), problem: .outOfRange(Int64(replica)))
        }
        if members.optional("shards") != nil {
            for (json, path) in try members.elements("shards") {
                shards.append(try ReplicaAddress.list(json, at: path))
            }
        }
        guard shards.isEmpty || shards.count == shardCount else {
            throw BlueprintError(
                member: members.member("shards"), problem: .outOfRange(Int64(shards.count)))
        }
        try members.read(into: &layout)
        try members.read("acknowledge", into: &acknowledge)
        try readReplication(members)
        try members.read("heartbeat", into: &heartbeat)
        try members.read("electionTimeout", into: &electionTimeout)
        try members.read("mapSize", into: &mapSize, from: 1 << 20)
    }

    /// Two words for one choice: they may both be there, but not against each other.
    private mutating func readReplication(_ members: Members) throws(BlueprintError) {
        guard members.optional("replication") != nil else { return }
        var wanted = replication
        try members.read("replication", into: &wanted)
        guard members.optional("acknowledge") == nil || wanted == replication else {
            throw BlueprintError(
                member: members.member("replication"), problem: .unknownWord(wanted.rawValue))
        }
        replication = wanted
    }

    var json: JSON {
        [
            "shard": shard.json, "shardCount": shardCount.json, "replica": replica.json,
            "replicas": .array(replicas.map(\.json)),
            "shards": .array(shards.map { .array($0.map(\.json)) }),
            "layout": layout.json,
            "replication": .string(replication.rawValue),
            "heartbeatNanoseconds": heartbeat.json,
            "electionTimeoutNanoseconds": electionTimeout.json, "mapSize": mapSize.json,
        ]
    }
}
