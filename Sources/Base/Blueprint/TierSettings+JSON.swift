// The file form of each tier's settings; reading and writing stand side by side, so that a new
// setting is added to both.

import Linux
import Wire

extension BalancerSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "backends", "policy", "checkPath", "checkIntervalNanoseconds",
            "checkTimeoutNanoseconds", "rise", "fall", "connectTimeoutNanoseconds",
            "tryTimeoutNanoseconds", "requestTimeoutNanoseconds", "retries",
            "drainTimeoutNanoseconds", "connectionsMax",
        ])
        self.init(backends: try members.addresses("backends"))
        try members.read("policy", into: &policy)
        try members.read("checkPath", into: &checkPath)
        try members.read("checkInterval", into: &checkInterval)
        try members.read("checkTimeout", into: &checkTimeout)
        try members.read("rise", into: &rise, from: 1)
        try members.read("fall", into: &fall, from: 1)
        try members.read("connectTimeout", into: &connectTimeout)
        try members.read("tryTimeout", into: &tryTimeout)
        try members.read("requestTimeout", into: &requestTimeout)
        try members.read("retries", into: &retries, from: 0)
        try members.read("drainTimeout", into: &drainTimeout)
        try members.read("connectionsMax", into: &connectionsMax, from: 1)
    }

    var json: JSON {
        [
            "backends": backends.json, "policy": .string(policy.rawValue),
            "checkPath": .string(checkPath), "checkIntervalNanoseconds": checkInterval.json,
            "checkTimeoutNanoseconds": checkTimeout.json, "rise": rise.json, "fall": fall.json,
            "connectTimeoutNanoseconds": connectTimeout.json,
            "tryTimeoutNanoseconds": tryTimeout.json,
            "requestTimeoutNanoseconds": requestTimeout.json, "retries": retries.json,
            "drainTimeoutNanoseconds": drainTimeout.json, "connectionsMax": connectionsMax.json,
        ]
    }
}

extension AppSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "cache", "shards", "queue", "queuePartitions", "sessionLifetimeNanoseconds",
            "cacheLifetimeNanoseconds", "requestTimeoutNanoseconds",
        ])
        self.init(
            cache: try members.addresses("cache"), shards: try members.groups("shards"),
            queue: try members.addresses("queue"))
        try members.read("queuePartitions", into: &queuePartitions, from: 1)
        try members.read("sessionLifetime", into: &sessionLifetime)
        try members.read("cacheLifetime", into: &cacheLifetime)
        try members.read("requestTimeout", into: &requestTimeout)
    }

    var json: JSON {
        [
            "cache": cache.json, "shards": shards.json, "queue": queue.json,
            "queuePartitions": queuePartitions.json,
            "sessionLifetimeNanoseconds": sessionLifetime.json,
            "cacheLifetimeNanoseconds": cacheLifetime.json,
            "requestTimeoutNanoseconds": requestTimeout.json,
        ]
    }
}

extension CacheSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow(["memoryLimit"])
        self.init(memoryLimit: try members.integer("memoryLimit", from: 1))
    }

    var json: JSON { ["memoryLimit": memoryLimit.json] }
}

extension StoreSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "shard", "shardCount", "replica", "replicas", "shards", "sharding", "usersPerShard",
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
        try members.read("sharding", into: &sharding)
        try members.read("usersPerShard", into: &usersPerShard, from: 1)
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
            "sharding": .string(sharding.rawValue), "usersPerShard": usersPerShard.json,
            "replication": .string(replication.rawValue),
            "heartbeatNanoseconds": heartbeat.json,
            "electionTimeoutNanoseconds": electionTimeout.json, "mapSize": mapSize.json,
        ]
    }
}

extension QueueSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "node", "nodes", "partitions", "acknowledge", "heartbeatNanoseconds",
            "electionTimeoutNanoseconds", "tries", "retryDelayMinNanoseconds",
            "retryDelayMaxNanoseconds", "sessionNanoseconds",
            "retentionNanoseconds", "memory",
        ])
        let nodes = try ReplicaAddress.list(
            try members.required("nodes"), at: members.member("nodes"))
        self.init(
            node: try members.integer("node", from: 1), nodes: nodes,
            partitions: try members.integer("partitions", from: 1))
        guard nodes.contains(where: { $0.id == node }) else {
            throw BlueprintError(member: members.member("node"), problem: .outOfRange(Int64(node)))
        }
        try members.read("acknowledge", into: &acknowledge)
        try members.read("heartbeat", into: &heartbeat)
        try members.read("electionTimeout", into: &electionTimeout)
        try members.read("tries", into: &tries, from: 1)
        try members.read("retryDelayMin", into: &retryDelayMin)
        try members.read("retryDelayMax", into: &retryDelayMax)
        try members.read("session", into: &session)
        try members.read("retention", into: &retention)
        try members.read("memory", into: &memory, from: 1 << 10)
    }

    var json: JSON {
        [
            "node": node.json, "nodes": .array(nodes.map(\.json)), "partitions": partitions.json,
            "acknowledge": .string(acknowledge.rawValue),
            "heartbeatNanoseconds": heartbeat.json,
            "electionTimeoutNanoseconds": electionTimeout.json, "tries": tries.json,
            "retryDelayMinNanoseconds": retryDelayMin.json,
            "retryDelayMaxNanoseconds": retryDelayMax.json, "sessionNanoseconds": session.json,
            "retentionNanoseconds": retention.json, "memory": memory.json,
        ]
    }
}

extension WorkerSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "queue", "shards", "partitions", "topic", "group", "heartbeatNanoseconds",
            "concurrency", "workNanoseconds", "visibilityNanoseconds", "acknowledge", "idempotent",
            "poison", "drainTimeoutNanoseconds",
        ])
        self.init(
            queue: try members.addresses("queue"), shards: try members.groups("shards"))
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
        try members.read("drainTimeout", into: &drainTimeout)
    }

    var json: JSON {
        [
            "queue": queue.json, "shards": shards.json, "partitions": partitions.json,
            "topic": .string(topic), "group": .string(group),
            "heartbeatNanoseconds": heartbeat.json, "concurrency": concurrency.json,
            "workNanoseconds": work.json, "visibilityNanoseconds": visibility.json,
            "acknowledge": .string(acknowledge.rawValue), "idempotent": .bool(idempotent),
            "poison": .number(poison), "drainTimeoutNanoseconds": drainTimeout.json,
        ]
    }
}
