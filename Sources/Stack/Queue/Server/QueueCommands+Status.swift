// What a node says about itself: ROLE for programs that look for leaders, DEPTH and INFO for people
// and for the harness, which reads them to see that the queue is drained.

import Linux
import Raft
import Reactor
import Replication
import Wire

/// Since this process started.
struct QueueCounts {
    var delivered = 0
    var redelivered = 0
    var duplicates = 0
    private(set) var fenced = 0
    private(set) var overloaded = 0
    private var answered: [String: Int] = [:]

    mutating func note(_ command: String) { answered[command, default: 0] += 1 }

    mutating func note(_ refusal: QueueRefusal) {
        switch refusal {
        case .fenced: fenced += 1
        case .overloaded: overloaded += 1
        case .notLeader, .unavailable, .unknown, .forgotten, .wrongPartition, .syntax: break
        }
    }

    var lines: [(String, Int)] {
        [
            ("published", answered["PUBLISH"] ?? 0), ("duplicates", duplicates),
            ("delivered", delivered), ("redelivered", redelivered),
            ("acknowledged", answered["ACK"] ?? 0), ("rejected", answered["REJECT"] ?? 0),
            ("released", answered["RELEASE"] ?? 0), ("fenced", fenced),
            ("overloaded", overloaded),
        ]
    }
}

extension QueueCommands {
    var roles: RESPValue {
        .array(
            replicas.map { replica in
                let status = replica.group.status
                return .array([
                    .integer(Int64(replica.number)), .bulk(Self.word(for: status.role)),
                    .integer(Int64(status.term.rawValue)),
                    .integer(status.leader.map { Int64($0.rawValue) } ?? -1),
                    .integer(Int64(status.commit.rawValue)),
                ])
            })
    }

    /// Linearizable: everything that was acknowledged before the question is counted.
    func depth(_ command: RESPCommand) async throws(QueueRefusal) -> RESPValue {
        var reader = CallReader(command, "DEPTH topic group partition")
        let name = try reader.group()
        let replica = try replica(Int(try reader.integer(1...1 << 20)))
        try reader.finish()
        // The age of a message is told by the leader's clock.
        guard replica.group.isLeader else { throw .notLeader(replica.group.status.leader) }
        switch await replica.group.readBarrier() {
        case .ready: break
        case .refused(let refusal): throw QueueRefusal(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        }
        let depth = replica.partition.depth(of: name, at: replica.time)
        return .array([
            .integer(Int64(depth.ready)), .integer(Int64(depth.leased)),
            .integer(Int64(depth.waiting)),
            .integer(depth.oldestAge.nanoseconds / 1_000_000),
        ])
    }

    /// The figures of the process; of each group, over the partitions that this node leads; then of
    /// each partition, and of each topic and group of those that it leads.
    var information: String {
        var lines = (counts.lines + figures() + groupLines).map { "\($0):\($1)" }
        for replica in replicas {
            lines.append(partitionLine(replica))
            if replica.group.isLeader { lines += topicLines(replica) }
        }
        return lines.map { $0 + "\r\n" }.joined()
    }

    /// Lag and age of the oldest message, for metrics: summed, and the worst.
    private var groupLines: [(String, Int)] {
        var depths: [GroupName: GroupDepth] = [:]
        for replica in replicas where replica.group.isLeader {
            for (topic, slice) in replica.partition.topics {
                for group in slice.groups.keys {
                    let name = GroupName(topic: topic, group: group)
                    let depth = replica.partition.depth(of: name, at: replica.time)
                    depths[name] = depths[name, default: GroupDepth()] + depth
                }
            }
        }
        return depths.sorted { $0.key < $1.key }.flatMap { name, depth in
            let age = depth.oldestAge.nanoseconds / 1_000_000
            return [
                ("lag_\(name.topic)_\(name.group)", depth.lag),
                ("oldest_age_ms_\(name.topic)_\(name.group)", Int(age)),
            ]
        }
    }

    private func partitionLine(_ replica: PartitionReplica) -> String {
        let status = replica.group.status
        let partition = replica.partition
        return "partition_\(replica.number):role=\(Self.word(for: status.role)),"
            + "term=\(status.term),commit=\(status.commit),"
            + "applied=\(replica.group.state.applied.index),"
            + "checkpointed=\(replica.group.state.checkpointed.index),"
            + "messages=\(partition.messageCount),bytes=\(partition.byteCount),"
            + "bytes_max=\(partition.policy.bytesMax),waiters=\(replica.polls.waiterCount)"
    }

    private func topicLines(_ replica: PartitionReplica) -> [String] {
        let partition = replica.partition
        var lines: [String] = []
        for (topic, slice) in partition.topics.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "topic_\(topic)_\(replica.number):published=\(slice.nextOffset.rawValue),"
                    + "messages=\(slice.messages.count),bytes=\(slice.byteCount),"
                    + "acknowledged=\(slice.acknowledgedCount),buried=\(slice.buriedCount),"
                    + "expired=\(slice.expiredCount)")
            for group in slice.groups.keys.sorted() {
                let depth = partition.depth(
                    of: GroupName(topic: topic, group: group), at: replica.time)
                lines.append(
                    "group_\(topic)_\(group)_\(replica.number):lag=\(depth.lag),"
                        + "ready=\(depth.ready),leased=\(depth.leased),waiting=\(depth.waiting),"
                        + "oldest_age_ms=\(depth.oldestAge.nanoseconds / 1_000_000)")
            }
        }
        for (name, members) in partition.memberships.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "members_\(name.topic)_\(name.group):count=\(members.members.count),"
                    + "generation=\(members.generation.rawValue)")
        }
        return lines
    }

    private static func word(for role: RaftRole) -> String {
        switch role {
        case .follower: "follower"
        case .preCandidate, .candidate: "candidate"
        case .leader: "leader"
        }
    }
}
