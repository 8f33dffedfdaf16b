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

/// How a leader makes sure that it still leads before it answers a read.
package enum StoreReads: String, CaseIterable, Sendable {
    /// By a round of heartbeats that a majority answers (ReadIndex): needs no clock.
    case readIndex = "read-index"
    /// By the last such round, for a little less than an election timeout: no round for a read.
    ///
    /// Correct only as long as the clocks of the replicas run at rates that differ by less than
    /// `StoreSettings.leaseDriftPercentMax`, and on machines that are not suspended: CLOCK_MONOTONIC
    /// stands still meanwhile. A process that is stopped does no harm, its clock goes on.
    case lease
}

/// Who sees to it that a node which comes up gets its share of the replicas.
package enum StoreRebalance: String, CaseIterable, Sendable {
    /// The store itself, one replica at a time, for as long as a node that has come up asks.
    ///
    /// The default, as elsewhere (CockroachDB's replicate queue, TiKV's placement driver): a node
    /// is added to carry something. Only coming up asks, so a replica that somebody has moved on
    /// purpose is not moved back behind his back.
    case automatic
    /// Whoever sends `SHARD BALANCE`: for experiments that want no copying but what they plan.
    case manual
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
    /// This node itself, where it is added to a store that is there already: it is none of the
    /// `replicas`, begins with no shard, and the others hear of it by `SHARD JOIN`.
    package var newcomer: ReplicaAddress?
    package var rebalance = StoreRebalance.automatic
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
    /// The same on all replicas: the followers hold back their votes for a lease.
    package var reads = StoreReads.readIndex
    /// What leases allow for; clocks that are kept by NTP differ by 0.05 percent at most (its
    /// limit of slew, 500 ppm), so this is generous.
    package static let leaseDriftPercentMax = 10
    /// Bytes of address space that LMDB reserves; the file grows only as far as data goes.
    package var mapSize = 1 << 30
    /// A map smaller than that fills up with LMDB's own pages.
    package static let mapSizes = 1 << 20...1 << 40

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
            "mapSize", "reads", "newcomer", "rebalance",
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
        if let json = members.optional("newcomer") {
            newcomer = try ReplicaAddress(json: json, at: members.member("newcomer"))
        }
        guard newcomer != nil || replicas.contains(where: { $0.id == replica }) else {
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
        try members.read("reads", into: &reads)
        try members.read("rebalance", into: &rebalance)
        try members.read("mapSize", into: &mapSize, from: Self.mapSizes.lowerBound)
        guard mapSize <= Self.mapSizes.upperBound else {
            throw BlueprintError(
                member: members.member("mapSize"), problem: .outOfRange(Int64(mapSize)))
        }
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
        let members: [(String, JSON)] = [
            ("shard", shard.json), ("shardCount", shardCount.json), ("replica", replica.json),
            ("replicas", .array(replicas.map(\.json))),
            ("shards", .array(shards.map { .array($0.map(\.json)) })),
            ("layout", layout.json), ("replication", .string(replication.rawValue)),
            ("heartbeatNanoseconds", heartbeat.json),
            ("electionTimeoutNanoseconds", electionTimeout.json), ("mapSize", mapSize.json),
            ("reads", .string(reads.rawValue)), ("rebalance", .string(rebalance.rawValue)),
        ]
        return .object(members + (newcomer.map { [("newcomer", $0.json)] } ?? []))
    }
}
