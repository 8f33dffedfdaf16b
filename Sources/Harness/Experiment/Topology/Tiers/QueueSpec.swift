// A queue in a topology.

package import Blueprint
import Linux
import Wire

/// What a topology may say of a queue beside its size; nil keeps the queue's own default.
package struct QueueSpec: Sendable, Equatable {
    /// Tries of a message before it goes to the dead-letter topic.
    package var tries: Int?
    /// Bytes of messages in one partition, above which publishers are refused.
    package var memory: Int?
    package var retention: Duration?
    package var acknowledge = ReplicaAcknowledgement.majority

    package init() {}
}

extension QueueSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("peer-port", ExperimentSchema.ref("port")),
            ("tries", ExperimentSchema.integer(from: 1)),
            ("memory", ExperimentSchema.ref("size")),
            ("retention", ExperimentSchema.ref("duration")),
            ("acknowledge", ExperimentSchema.words(ReplicaAcknowledgement.self)),
        ]
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        var spec = QueueSpec()
        spec.tries = fields.optional("tries", Checked.integer(1...1000))
        spec.memory = fields.optional("memory", Checked.size(1 << 10...1 << 30))
        spec.retention = fields.optional(
            "retention", Checked.duration(.seconds(1) ... .seconds(365 * 24 * 3600)))
        let acknowledge = fields.optional(
            "acknowledge", Checked.word("acknowledgement", ReplicaAcknowledgement.self))
        spec.acknowledge = acknowledge ?? spec.acknowledge
        return .queue(spec)
    }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = QueueSettings(
            node: place.index, nodes: tier.replicas(topology.addresses(of: tier)),
            partitions: tier.shape.partitionCount ?? 1)
        settings.tries = tries ?? settings.tries
        settings.memory = memory ?? settings.memory
        settings.retention = retention ?? settings.retention
        settings.acknowledge = acknowledge
        return .queue(settings)
    }
}
