// What a node of the queue is told: its peers, its partitions, and what happens to messages that
// nobody manages to do.

import Linux
import Wire

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
