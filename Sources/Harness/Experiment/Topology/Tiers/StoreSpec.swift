// A store in a topology.

package import Blueprint
import Linux
import Wire

package struct StoreSpec: Sendable, Equatable {
    package var acknowledge = ReplicaAcknowledgement.majority

    package init() {}
}

extension StoreSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("peer-port", ExperimentSchema.ref("port")),
            ("acknowledge", ExperimentSchema.words(ReplicaAcknowledgement.self)),
            ("replication", ExperimentSchema.words(StoreReplication.self)),
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
        return .store(spec)
    }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        let shards = topology.shards(named: tier.name).map(tier.replicas)
        let shard = (place.shard ?? 1) - 1
        var settings = StoreSettings(
            shard: shard, shardCount: shards.count, replica: place.index, replicas: shards[shard])
        settings.shards = shards
        settings.acknowledge = acknowledge
        return .store(settings)
    }
}
