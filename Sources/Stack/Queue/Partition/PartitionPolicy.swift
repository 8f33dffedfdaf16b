// What a partition allows and how it retries. Part of the replicated state: replicas that judged by
// settings of their own would drift apart while one of them runs with a new file, so a leader whose
// settings differ proposes them, and they hold from that entry on.

import Linux

struct PartitionPolicy: Equatable, Sendable {
    /// Partitions of every topic; keys would move if it changed, so it never does for a data folder.
    var partitionCount = 1
    /// Tries of one message for one group; after the last it goes to the dead-letter topic. Low
    /// values set good messages aside when a dependency is away for a moment.
    var triesMax = 20
    /// The pause after the first failed try is drawn from zero to this; it doubles with each try.
    var retryDelayMin: Duration = .milliseconds(50)
    /// The ceiling that the doubling stops at.
    var retryDelayMax: Duration = .seconds(10)
    /// How long a message may stay that some group has not done, in time with a leader.
    var retention: Duration = .seconds(7 * 24 * 3600)
    /// How long a member may be silent before its partitions go to others.
    var session: Duration = .seconds(3)
    /// Publishing is refused at this many messages, over all topics of the partition.
    var messagesMax = 200_000
    /// Publishing is refused above this; it bounds memory and the snapshot on disk. Bytes of keys
    /// and payloads, plus `messageOverhead` each.
    var bytesMax = 64 << 20
    var payloadBytesMax = 256 << 10
    /// Bytes of the name of a topic, a group, a member or a producer, and of a key.
    var nameBytesMax = 256
    /// Dead-letter topics not counted. Topics are never removed.
    var topicsMax = 64
    /// Of a topic.
    var groupsMax = 16
    /// Of a group.
    var membersMax = 256
    /// Messages of one fetch.
    var fetchCountMax = 1000
    /// A fetch stops at the message that reaches this many bytes.
    var fetchBytesMax = 1 << 20
    /// Producers remembered.
    var producersMax = 20_000
    /// No producer is forgotten that published within this time, so that no retry is taken for a
    /// new message; new producers are refused instead.
    var producerIdleMin: Duration = .seconds(60)
    /// Sequence numbers of a producer that may be under way at once.
    var producerWindow = 32

    /// What a message costs beside its key and payload, in bytes, about.
    static let messageOverhead = 64

    init() {}
}
