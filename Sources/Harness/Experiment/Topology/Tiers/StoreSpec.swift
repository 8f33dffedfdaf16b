// A store in a topology.

package import Blueprint
import Linux
import Wire

package struct StoreSpec: Sendable, Equatable {
    package var acknowledge = ReplicaAcknowledgement.majority
    package var layout = ShardLayout()

    package init() {}
}

extension StoreSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("peer-port", ExperimentSchema.ref("port")),
            ("acknowledge", ExperimentSchema.words(ReplicaAcknowledgement.self)),
            ("replication", ExperimentSchema.words(StoreReplication.self)),
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
        settings.layout = layout
        return .store(settings)
    }
}
