// What a worker is told: where orders come from, where effects go, and when it acknowledges.

import Linux
import Wire

/// When a worker acknowledges its delivery.
package enum WorkerAcknowledgement: String, CaseIterable, Sendable {
    /// Once the effect is in the store.
    case afterEffect = "after-effect"
    /// Before the effect: a planted bug, for a worker killed in between loses the order.
    case beforeEffect = "before-effect"
}

package struct WorkerSettings: Equatable, Sendable {
    package var queue: [NamedAddress]
    /// The replicas that each shard begins with, in shard order.
    package var shards: [[NamedAddress]]
    package var layout = ShardLayout()
    /// Whether the store knows `WITH id milliseconds COMMAND`.
    package var storeTakesContext = false
    /// Partitions of the queue, as in its own settings.
    package var partitions = 1
    package var topic = "orders"
    /// The consumer group that the orders are shared out in.
    package var group = "workers"
    /// Below a third of the queue's session, or a lost heartbeat ends it.
    package var heartbeat: Duration = .milliseconds(500)
    /// Orders worked on at once by this process.
    package var concurrency = 8
    /// The time that one order takes before its effect.
    package var work: Duration = .milliseconds(10)
    /// How long a killed worker's orders stay hidden; above `work`, or orders are done twice.
    package var visibility: Duration = .seconds(2)
    package var acknowledge: WorkerAcknowledgement = .afterEffect
    /// Whether an effect carries an idempotency key; without one a second delivery doubles it.
    package var idempotent = true
    /// The share of orders, 0 to 1, that this worker cannot do however often it tries: poison, so
    /// that the harness can show that the others flow. The order's id decides, on every worker.
    package var poison = 0.0
    /// How long SIGTERM waits for orders in work; what is not done then is given back.
    package var drainTimeout: Duration = .seconds(2)

    package init(queue: [NamedAddress], shards: [[NamedAddress]]) {
        self.queue = queue
        self.shards = shards
    }
}

extension WorkerSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "queue", "shards", "layout", "partitions", "topic", "group",
            "heartbeatNanoseconds", "storeTakesContext",
            "concurrency", "workNanoseconds", "visibilityNanoseconds", "acknowledge", "idempotent",
            "poison", "drainTimeoutNanoseconds",
        ])
        self.init(
            queue: try members.addresses("queue"), shards: try members.groups("shards"))
        try members.read(into: &layout)
        try members.read("partitions", into: &partitions, from: 1)
        try members.read("topic", into: &topic)
        try members.read("group", into: &group)
        try members.read("heartbeat", into: &heartbeat)
        try members.read("concurrency", into: &concurrency, from: 1)
        try members.read("work", into: &work)
        try members.read("visibility", into: &visibility)
        try members.read("acknowledge", into: &acknowledge)
        try members.read("idempotent", into: &idempotent)
        try members.read("poison", into: &poison)
        try members.read("storeTakesContext", into: &storeTakesContext)
        try members.read("drainTimeout", into: &drainTimeout)
    }

    var json: JSON {
        [
            "queue": queue.json, "shards": shards.json,
            "layout": layout.json, "partitions": partitions.json,
            "topic": .string(topic), "group": .string(group),
            "heartbeatNanoseconds": heartbeat.json, "concurrency": concurrency.json,
            "workNanoseconds": work.json, "visibilityNanoseconds": visibility.json,
            "acknowledge": .string(acknowledge.rawValue), "idempotent": .bool(idempotent),
            "poison": .number(poison), "storeTakesContext": .bool(storeTakesContext),
            "drainTimeoutNanoseconds": drainTimeout.json,
        ]
    }
}
