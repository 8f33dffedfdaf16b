// A store in a topology.

package import Blueprint
import Linux
import Wire

package struct StoreSpec: Sendable, Equatable {
    package var acknowledge = ReplicaAcknowledgement.majority
    /// Bytes that a replica can hold; nil keeps the store's own default. Ninety percent can be
    /// filled, and each replica reserves that much address space.
    package var capacity: Int?
    package var reads = StoreReads.readIndex
    package var layout = ShardLayout()
    package var rebalance = StoreRebalance.automatic

    package init() {}
}

extension StoreSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("peer-port", ExperimentSchema.ref("port")),
            ("acknowledge", ExperimentSchema.words(ReplicaAcknowledgement.self)),
            ("replication", ExperimentSchema.words(StoreReplication.self)),
            ("capacity", ExperimentSchema.ref("size")),
            ("reads", ExperimentSchema.words(StoreReads.self)),
            ("rebalance", ExperimentSchema.words(StoreRebalance.self)),
            ("sharding", ExperimentSchema.words(StoreSharding.self)),
            ("users-per-shard", ExperimentSchema.integer(from: 1)),
        ]
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let policy = fields.optional(
            "acknowledge", Checked.word("acknowledgement", ReplicaAcknowledgement.self))
        // The same choice under the name that databases give it.
        let mode = fields.optional(
            "replication", Checked.word("replication", StoreReplication.self))
        var spec = StoreSpec()
        if mode == .async || (mode == nil && policy == .leader) { spec.acknowledge = .leader }
        spec.capacity = fields.optional("capacity", Checked.size(StoreSettings.mapSizes))
        spec.reads =
            fields.optional("reads", Checked.word("kind of read", StoreReads.self)) ?? spec.reads
        spec.rebalance =
            fields.optional("rebalance", Checked.word("rebalancing", StoreRebalance.self))
            ?? spec.rebalance
        readLayout(&fields, reader.log, into: &spec.layout)
        return .store(spec)
    }

    private static func readLayout(
        _ fields: inout Fields, _ log: DiagnosticLog, into layout: inout ShardLayout
    ) {
        let sharding = fields.optional(
            "sharding", Checked.word("sharding", StoreSharding.self))
        let place = fields.location(of: "users-per-shard")
        let users = fields.optional("users-per-shard", Checked.integer(1...1_000_000_000))
        layout.sharding = sharding ?? layout.sharding
        layout.usersPerShard = users ?? layout.usersPerShard
        if let place, users != nil, layout.sharding == .hash {
            log.error("users-per-shard needs \"sharding: range\"", at: place)
        }
    }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        let shards = topology.shards(named: tier.name).map(tier.replicas)
        let shard = (place.shard ?? 1) - 1
        var settings = StoreSettings(
            shard: shard, shardCount: shards.count, replica: place.index, replicas: shards[shard])
        settings.shards = shards
        settings.acknowledge = acknowledge
        settings.mapSize = capacity ?? settings.mapSize
        settings.reads = reads
        settings.layout = layout
        settings.rebalance = rebalance
        return .store(settings)
    }
}

extension Topology {
    /// Bytes that one replica of a store holds at most, over all of its stores; zero without any.
    package var storeCapacity: Int {
        tiers.compactMap { tier in
            guard case .builtin(.store(let spec)) = tier.program else { return nil }
            return spec.capacity ?? 1 << 30
        }.max() ?? 0
    }
}
