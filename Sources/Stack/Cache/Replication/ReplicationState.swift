// What a node of a group knows of its standing, and the stream of writes that its followers copy. Pure: the
// server around it moves the bytes and holds the elections.
//
// The stream is the commands themselves, as a client would send them, but for those whose outcome was drawn
// (SPOP goes as SREM) or that only this node understands (LEASE SET goes as SET). A follower that was away for
// less than the backlog goes on where it was; any other starts with a copy of everything.

import Wire

struct ReplicationState {
    struct Address: Equatable, Sendable {
        var host: String
        var port: UInt16
    }

    /// A follower as the leader sees it.
    struct Follower: Equatable, Sendable {
        var address: Address
        var acknowledged: Int64
    }

    enum Standing: Equatable, Sendable {
        case leader
        /// Nil: nobody knows who leads.
        case follower(of: Address?)

        var isFollower: Bool { self != .leader }
    }

    var standing: Standing
    /// Until when a majority stands by this leader (`ElectionState.leaseEnd`): later writes are refused,
    /// since another may have been chosen meanwhile.
    var quorumUntil = CacheTime(milliseconds: .min)
    /// The follower hears its leader.
    var isLinked = false
    /// Raised by every election.
    private(set) var epoch: UInt64 = 0
    /// The epoch of the leader whose stream this node has: the stream of another has other bytes.
    var streamEpoch: UInt64 = 0
    /// The stream that a new leader had copied, and how far: who has no more of it may go on.
    private var previous = ElectionState.Progress()
    /// False while a first copy is coming in.
    var isComplete = true
    var followers: [Follower] = []
    /// What the next command goes to the followers as, if not as itself.
    var rewrite: StoredCommand?
    /// The command has passed on by itself what it did.
    var isPassedOn = false
    /// Bytes of the stream since the node came up or last copied another.
    private(set) var offset: Int64 = 0
    /// The end of the stream, `backlogMax` bytes at most.
    private var backlog: [UInt8] = []

    static let backlogMax = 1 << 20

    init(standing: Standing) { self.standing = standing }

    /// Nil when the bytes after an offset are no longer there.
    func stream(after start: Int64) -> [UInt8]? {
        let wanted = offset - start
        guard wanted >= 0, wanted <= Int64(backlog.count) else { return nil }
        return Array(backlog.suffix(Int(wanted)))
    }

    mutating func append(_ command: StoredCommand) {
        var bytes: [UInt8] = []
        bytes.appendRESP(arrayOf: command.words.count)
        for word in command.words { bytes.appendRESP(bulk: Array(command.bytes[word])) }
        append(bytes)
    }

    mutating func append(_ bytes: [UInt8]) {
        offset += Int64(bytes.count)
        backlog += bytes
        // Cut in halves, so that a byte is moved once on average.
        if backlog.count > 2 * Self.backlogMax {
            backlog.removeFirst(backlog.count - Self.backlogMax)
        }
    }

    /// The node has copied another up to an offset of its stream.
    mutating func restart(in epoch: UInt64, at offset: Int64) {
        streamEpoch = epoch
        self.offset = offset
        backlog.removeAll()
        isComplete = true
    }

    mutating func lead(in epoch: UInt64) {
        previous = ElectionState.Progress(epoch: streamEpoch, offset: offset)
        (self.epoch, streamEpoch) = (epoch, epoch)
        standing = .leader
        isLinked = false
        isComplete = true
    }

    mutating func follow(_ leader: Address?, in epoch: UInt64) {
        self.epoch = epoch
        standing = .follower(of: leader)
        isLinked = false
        followers = []
        quorumUntil = CacheTime(milliseconds: .min)
    }

    /// Whether a follower that has so much can go on without a copy.
    func canContinue(from theirs: ElectionState.Progress) -> Bool {
        guard theirs.epoch > 0, stream(after: theirs.offset) != nil else { return false }
        return theirs.epoch == streamEpoch
            || (theirs.epoch == previous.epoch && theirs.offset <= previous.offset)
    }
}

extension CacheEngine {
    /// Runs a write and passes on what it did.
    mutating func runReplicated(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if client.isLeader { return try run(call, for: &client, into: &reply) }
        guard let state = replication, state.standing == .leader else { throw .readOnly }
        guard call.now < state.quorumUntil else { throw .noQuorum }
        let before = keyspace.changeCount
        replication?.rewrite = nil
        replication?.isPassedOn = false
        do throws(CommandError) {
            try run(call, for: &client, into: &reply)
        } catch {
            passOn(call, since: before)
            throw error
        }
        passOn(call, since: before)
    }

    private mutating func passOn(_ call: borrowing CommandCall, since before: UInt64) {
        passOnDepartures()
        guard keyspace.changeCount != before, replication?.isPassedOn == false else { return }
        let command = replication?.rewrite ?? StoredCommand(call)
        replication?.append(command)
    }

    /// Keys that were evicted or expired go on the followers too.
    mutating func passOnDepartures() {
        guard let gone = keyspace.departures, !gone.isEmpty else { return }
        keyspace.departures = []
        replication?.append(StoredCommand([[UInt8]("DEL".utf8)] + gone))
    }

    /// What takes time or another node is done by the server, before it takes the client's next command.
    func leaveToServer(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if call.command == .wait {
            guard try call.integer(1) >= 0, try call.integer(2) >= 0 else { throw .notPositive }
            if replication == nil { return reply.integer(0) }
        } else if replication == nil {
            throw .withoutGroup
        }
        client.peerCommand = StoredCommand(call)
    }
}
