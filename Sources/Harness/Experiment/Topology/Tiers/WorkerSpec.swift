// A worker in a topology.

package import Blueprint
import Wire

package struct WorkerSpec: Sendable, Equatable {
    package var queue: String
    package var store: String
    /// The time that one order takes.
    package var work: Duration = .milliseconds(10)
    package var acknowledge: WorkerAcknowledgement = .afterEffect
    package var idempotent = true
    /// Orders worked on at once; nil keeps the worker's own default.
    package var concurrency: Int?
    /// The share of orders that nobody can do.
    package var poison = 0.0

    package init(queue: String, store: String) {
        self.queue = queue
        self.store = store
    }
}

extension WorkerSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("queue", ExperimentSchema.reference), ("store", ExperimentSchema.reference),
            ("work", ExperimentSchema.ref("duration")),
            ("acknowledge", ExperimentSchema.words(WorkerAcknowledgement.self)),
            ("idempotent", ["type": "boolean"]),
            ("concurrency", ExperimentSchema.integer(from: 1)),
            ("poison", ExperimentSchema.ref("ratio")),
        ]
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let queue = reader.reference(&fields, "queue", [.queue])
        let store = reader.reference(&fields, "store", [.store])
        let work = fields.optional("work", Checked.duration(.zero ... .seconds(60)))
        let acknowledge = fields.optional(
            "acknowledge", Checked.word("acknowledgement", WorkerAcknowledgement.self))
        let idempotent = fields.optional("idempotent", Checked.boolean)
        let concurrency = fields.optional("concurrency", Checked.integer(1...1000))
        let poison = fields.optional("poison", Checked.share)
        guard let queue, let store else { return nil }
        var spec = WorkerSpec(queue: queue, store: store)
        spec.work = work ?? spec.work
        spec.acknowledge = acknowledge ?? spec.acknowledge
        spec.idempotent = idempotent ?? spec.idempotent
        spec.concurrency = concurrency
        spec.poison = poison ?? spec.poison
        return .worker(spec)
    }

    var references: [String] { [queue, store] }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = WorkerSettings(
            queue: topology.addresses(named: queue), shards: topology.shards(named: store))
        settings.layout = topology.shardLayout(named: store)
        settings.storeTakesContext = topology.isOurs(store)
        settings.partitions = topology.partitionCount(named: queue)
        settings.work = work
        settings.concurrency = concurrency ?? settings.concurrency
        settings.poison = poison
        settings.acknowledge = acknowledge
        settings.idempotent = idempotent
        return .worker(settings)
    }
}
