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
    /// The leader heard of a majority lately; without it a newer leader may have been chosen elsewhere.
    var hasQuorum = true
    /// The follower hears its leader.
    var isLinked = false
    /// Raised by every election; the stream of another epoch has other offsets.
    var epoch: UInt64 = 0
    var followers: [Follower] = []
    /// What the next command goes to the followers as, if not as itself.
    var rewrite: StoredCommand?
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
    mutating func restart(at offset: Int64) {
        self.offset = offset
        backlog.removeAll()
    }
}

extension CacheEngine {
    /// Runs a write and passes on what it did.
    mutating func runReplicated(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if !client.isLeader {
            guard replication?.standing == .leader else { throw .readOnly }
            guard replication?.hasQuorum == true else { throw .noQuorum }
        }
        let before = keyspace.changeCount
        replication?.rewrite = nil
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
        guard keyspace.changeCount != before else { return }
        let command = replication?.rewrite ?? StoredCommand(call)
        replication?.append(command)
    }

    /// Keys that were evicted or expired go on the followers too.
    mutating func passOnDepartures() {
        guard let gone = keyspace.departures, !gone.isEmpty else { return }
        keyspace.departures = []
        replication?.append(StoredCommand([[UInt8]("DEL".utf8)] + gone))
    }
}
