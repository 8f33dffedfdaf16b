// The settings of each tier, with the defaults that the stack ships. Every field says its unit, its
// bound where there is one, and what goes wrong when it is set badly.

import Linux

/// How a balancer picks the next backend.
package enum BalancingPolicy: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastConnections = "least-connections"
}

package struct BalancerSettings: Equatable, Sendable {
    package var backends: [NamedAddress]
    package var policy: BalancingPolicy = .leastConnections
    /// Asked of every backend; any answer of the 200s counts as healthy.
    package var checkPath = "/health/ready"
    package var checkInterval: Duration = .milliseconds(250)
    /// Below `checkInterval`, so that checks of one backend never overlap.
    package var checkTimeout: Duration = .milliseconds(200)
    /// Good checks in a row before a backend gets traffic again.
    package var rise = 2
    /// Bad checks in a row before a backend gets none.
    package var fall = 2
    package var connectTimeout: Duration = .milliseconds(200)
    /// Bounds one attempt; must leave room for a second one within `requestTimeout`.
    package var tryTimeout: Duration = .milliseconds(900)
    /// Bounds the whole request, all attempts included.
    package var requestTimeout: Duration = .seconds(2)
    /// Further attempts of an idempotent request, each on another backend.
    package var retries = 1
    /// How long SIGTERM waits for requests in flight.
    package var drainTimeout: Duration = .seconds(5)
    /// Client connections held at once; past it new ones are refused, never queued without end.
    package var connectionsMax = 4096

    package init(backends: [NamedAddress]) { self.backends = backends }
}

package struct AppSettings: Equatable, Sendable {
    package var cache: [NamedAddress]
    /// The replicas of each shard, in shard order: the index is what `ShardKey` yields.
    package var shards: [[NamedAddress]]
    package var queue: [NamedAddress]
    /// Partitions of the queue: a key's partition is what `ShardKey` yields for this count.
    package var queuePartitions = 1
    package var sessionLifetime: Duration = .seconds(1800)
    /// How stale a cached read may get when its invalidation was lost.
    package var cacheLifetime: Duration = .seconds(30)
    /// Below the client's timeout, so that the app answers before its caller gives up.
    package var requestTimeout: Duration = .milliseconds(1800)

    package init(cache: [NamedAddress], shards: [[NamedAddress]], queue: [NamedAddress]) {
        self.cache = cache
        self.shards = shards
        self.queue = queue
    }
}

package struct CacheSettings: Equatable, Sendable {
    /// In bytes; past it the least recently used keys go.
    package var memoryLimit: Int

    package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }
}

/// How a shard's log is replicated.
package enum StoreReplication: String, CaseIterable, Sendable {
    /// A write is acknowledged once a majority has it on disk: no failover loses it.
    case majority
    /// Leader and followers, as many databases do it by default: the leader acknowledges after its
    /// own disk and ships the log meanwhile. When it fails a follower takes over with what has
    /// arrived, and acknowledged writes may be lost. There to be compared, and to be caught.
    case async
}

/// How keys are dealt to shards.
package enum StoreSharding: String, CaseIterable, Sendable {
    /// By a hash of the user, as `ShardKey` does it.
    case hash
    /// By the number of the user, `usersPerShard` to each; the last shard has all that follow.
    case range
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
    package var sharding: StoreSharding = .hash
    package var usersPerShard = 10_000
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

package struct QueueSettings: Equatable, Sendable {
    /// Which of `nodes` this one is.
    package var node: Int
    /// Every node has a replica of every partition.
    package var nodes: [ReplicaAddress]
    /// Partitions of every topic, each a Raft group; never changed for a data folder, since keys
    /// would move.
    package var partitions: Int
    package var acknowledge: ReplicaAcknowledgement = .majority
    package var heartbeat: Duration = .milliseconds(50)
    /// The least election timeout; each election draws from this up to twice this. Several
    /// heartbeats long, or a late packet deposes a healthy leader.
    package var electionTimeout: Duration = .milliseconds(300)
    /// Tries of one message before it goes to the dead-letter topic. Low values set good messages
    /// aside when the store is away for a moment.
    package var tries = 20
    /// The pause after the first failed try is drawn from zero to this, and doubles with each try.
    package var retryDelayMin: Duration = .milliseconds(50)
    /// The ceiling that the doubling stops at.
    package var retryDelayMax: Duration = .seconds(10)
    /// How long a worker may be silent before its partitions go to others; several of its
    /// heartbeats, or a short pause moves partitions for nothing.
    package var session: Duration = .seconds(3)
    /// How long a message may stay that nobody has done.
    package var retention: Duration = .seconds(7 * 24 * 3600)
    /// Bytes of messages in one partition; above it publishing is refused. Bounds memory, and the
    /// disk: two files of about this size while one takes the other's place, and half of it in the
    /// log before the next.
    package var memory = 64 << 20

    package init(node: Int, nodes: [ReplicaAddress], partitions: Int) {
        self.node = node
        self.nodes = nodes
        self.partitions = partitions
    }
}

/// When a worker acknowledges its delivery.
package enum WorkerAcknowledgement: String, CaseIterable, Sendable {
    /// Once the effect is in the store.
    case afterEffect = "after-effect"
    /// Before the effect: a planted bug, for a worker killed in between loses the order.
    case beforeEffect = "before-effect"
}

package struct WorkerSettings: Equatable, Sendable {
    package var queue: [NamedAddress]
    /// The replicas of each shard, in shard order: the index is what `ShardKey` yields.
    package var shards: [[NamedAddress]]
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
