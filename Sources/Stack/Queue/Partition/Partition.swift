// One partition of every topic as a replicated state machine: no I/O, no clock, no chance. The same
// commands in the same order give the same state and the same replies on every replica.
//
// A group of Raft replicas keeps partition 3, say, of all topics, the dead-letter topics included:
// so that a message moves to its dead-letter topic within one entry of the log, and cannot be in
// both or in neither, whoever crashes meanwhile. Keys decide the partition, so the messages of one
// user come to one partition in the order in which they were acknowledged, and are first handed out
// in that order; a retry comes later than what was published after it.
//
// Delivery is at least once and never silent: a message leaves when every group has acknowledged
// it, or goes to `<topic>.dead` with the reason. Only what a dead-letter topic has held for the whole
// retention is dropped. What there is no room for is refused before it is published.

import Linux

struct Partition: Sendable {
    /// Counted from 0.
    let index: Int
    var now = LogTime.zero
    var policy: PartitionPolicy
    var topics: [String: TopicSlice] = [:]
    var producers = ProducerTable()
    /// Of the groups that this partition coordinates.
    var memberships: [GroupName: GroupMembers] = [:]
    /// Messages over all topics, and their bytes.
    private(set) var messageCount = 0
    private(set) var byteCount = 0
    /// The number of the last lease; never falls.
    var leaseNumber: UInt64 = 0

    static let deadSuffix = ".dead"

    init(index: Int, policy: PartitionPolicy) {
        precondition((0..<policy.partitionCount).contains(index), "one of its partitions")
        self.index = index
        self.policy = policy
    }

    /// Makes the changes of an entry's commands, in their order.
    mutating func apply(_ batch: CommandBatch) -> [PartitionReply] {
        var replies: [PartitionReply] = []
        replies.reserveCapacity(batch.commands.count)
        for command in batch.commands {
            replies.append(apply(TimedCommand(time: batch.time, command: command)))
        }
        return replies
    }

    /// Makes a command's change.
    mutating func apply(_ timed: TimedCommand) -> PartitionReply {
        // A leader of an older term may have proposed with a clock that ran ahead of this one's.
        now = max(now, timed.time)
        switch timed.command {
        case .adopt(let policy): return adopt(policy)
        case .publish(let publication): return publish(publication)
        case .fetch(let fetch): return self.fetch(fetch)
        case .acknowledge(let name, let tokens): return acknowledge(name, tokens)
        case .reject(let name, let rejection): return reject(name, rejection)
        case .release(let name, let tokens): return release(name, tokens)
        case .extend(let name, let token, let visibility):
            return extend(name, token, by: visibility)
        case .join(let name, let stamp): return join(name, stamp)
        case .heartbeat(let name, let stamp): return heartbeat(name, stamp)
        case .leave(let name, let stamp): return leave(name, stamp)
        case .tick:
            tick()
            return .done
        }
    }

    private mutating func adopt(_ policy: PartitionPolicy) -> PartitionReply {
        guard policy.partitionCount == self.policy.partitionCount else {
            return .refused(.invalid("the number of partitions is settled"))
        }
        self.policy = policy
        return .done
    }

    // MARK: Publishing

    private mutating func publish(_ publication: Publication) -> PartitionReply {
        switch publication.stamp.map({ producers.judge($0, at: now, policy: policy) }) {
        case .known(let offset): return .known(offset)
        case .forgotten: return .refused(.forgotten)
        case .full: return .refused(.overloaded("too many producers"))
        case .fresh, nil: break
        }
        if let reason = lackOfRoom(publication) { return .refused(.overloaded(reason)) }
        let message = TopicSlice.Message(
            key: publication.key, payload: publication.payload, published: now,
            due: now + publication.delay, burial: nil)
        let offset = change(publication.topic) { $0.append(message) }
        if let stamp = publication.stamp {
            producers.note(stamp, offset, at: now, policy: policy)
        }
        return .published(offset)
    }

    func lackOfRoom(_ publication: Publication) -> String? {
        let size =
            publication.key.count + publication.payload.count + PartitionPolicy.messageOverhead
        if publication.payload.count > policy.payloadBytesMax { return "payload too large" }
        if messageCount >= policy.messagesMax { return "too many messages" }
        if byteCount + size > policy.bytesMax { return "too many bytes" }
        guard topics[publication.topic] == nil else { return nil }
        let count = topics.keys.count { !$0.hasSuffix(Self.deadSuffix) }
        return count >= policy.topicsMax ? "too many topics" : nil
    }

    // MARK: Changing a topic

    /// Every change of a topic's messages goes through here, so that the sums stay right.
    mutating func change<Result>(
        _ name: String, _ body: (inout TopicSlice) -> Result
    ) -> Result {
        guard let place = topics.index(forKey: name) else {
            topics[name] = TopicSlice()
            return change(name, body)
        }
        let (result, messages, bytes) = Self.measure(&topics.values[place], body)
        messageCount += messages
        byteCount += bytes
        return result
    }

    /// Makes a change, and tells by how many messages and bytes the topic grew.
    private static func measure<Result>(
        _ topic: inout TopicSlice, _ body: (inout TopicSlice) -> Result
    ) -> (result: Result, messages: Int, bytes: Int) {
        let (messages, bytes) = (topic.messages.count, topic.byteCount)
        let result = body(&topic)
        return (result, topic.messages.count - messages, topic.byteCount - bytes)
    }
}
