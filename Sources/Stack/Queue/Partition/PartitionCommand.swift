// What can be asked of a partition. The commands that its leader got in one turn of the loop are one
// entry of its Raft log: what an entry costs on each replica is paid once for all of them.

import Linux

/// One entry of the log, with what its leader adds: every replica applies the same time.
struct CommandBatch: Equatable, Sendable {
    var time: LogTime
    var commands: [PartitionCommand]
}

/// A command of a batch, and the time that it is applied at.
struct TimedCommand: Equatable, Sendable {
    var time: LogTime
    var command: PartitionCommand
}

enum PartitionCommand: Equatable, Sendable {
    /// The policy that holds from here on.
    case adopt(PartitionPolicy)
    case publish(Publication)
    case fetch(Fetch)
    case acknowledge(GroupName, [LeaseToken])
    /// A try failed: the message waits, or is buried.
    case reject(GroupName, Rejection)
    /// Given back without a try, as a worker does that ends.
    case release(GroupName, [LeaseToken])
    /// The lease lasts this long from now on.
    case extend(GroupName, LeaseToken, by: Duration)
    case join(GroupName, MemberStamp)
    case heartbeat(GroupName, MemberStamp)
    case leave(GroupName, MemberStamp)
    /// Nothing but the time.
    case tick
}

/// A consumer group of a topic.
struct GroupName: Hashable, Comparable, Sendable, CustomStringConvertible {
    let topic: String
    let group: String

    static func < (left: GroupName, right: GroupName) -> Bool {
        (left.topic, left.group) < (right.topic, right.group)
    }

    var description: String { "\(topic)/\(group)" }
}

struct Publication: Equatable, Sendable {
    var topic: String
    var key: [UInt8]
    var payload: [UInt8]
    /// Nil for a publisher who can live with the message being there twice.
    var stamp: ProducerStamp?
    /// Nobody is handed the message before this has passed.
    var delay: Duration = .zero
}

/// Makes a message sent again known: a producer numbers its messages, and starts of a process are
/// producers of their own.
struct ProducerStamp: Equatable, Sendable {
    let producer: String
    let sequence: UInt64
}

struct Fetch: Equatable, Sendable {
    var name: GroupName
    var member: String
    /// The generation in which the member was assigned this partition.
    var generation: GroupGeneration
    var countMax: Int
    var visibility: Duration
}

struct Rejection: Equatable, Sendable {
    var token: LeaseToken
    var note: String
    /// No further try can help.
    var isPoison: Bool
    /// Draws the pause before the next try.
    var seed: UInt64
}

/// Counts the changes of a group's members; a larger one takes partitions away from a smaller one.
struct GroupGeneration: RawRepresentable, Hashable, Comparable, Sendable {
    let rawValue: UInt64

    static let none = GroupGeneration(rawValue: 0)
    var next: GroupGeneration { GroupGeneration(rawValue: rawValue + 1) }

    static func < (left: GroupGeneration, right: GroupGeneration) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// One start of a member: a worker that was started again under its name is not the one before.
struct MemberStamp: Hashable, Sendable {
    let member: String
    let incarnation: UInt64
}

/// What became of a command, the same on every replica.
enum PartitionReply: Equatable, Sendable {
    case published(Offset)
    /// Published before, under the same stamp.
    case known(Offset)
    case leases([Lease])
    /// For each token whether its lease still stood.
    case settled([Bool])
    /// The next try is due after this pause.
    case retried(after: Duration)
    case buried
    case assigned(Assignment)
    case done
    case refused(PartitionRefusal)
}

enum PartitionRefusal: Equatable, Sendable {
    /// No room; certainly without effect.
    case overloaded(String)
    /// Somebody else has what was asked for.
    case fenced(String)
    /// A sequence number so old that nobody knows any more whether it was published.
    case forgotten
    case invalid(String)
}

/// The partitions of one member.
struct Assignment: Equatable, Sendable {
    let generation: GroupGeneration
    /// Counted from 0, ascending.
    let partitions: [Int]
    let memberCount: Int
}
