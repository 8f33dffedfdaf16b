// A driver for tests: one node, a disk in memory, and the order of work that Ready.swift asks for.
// Persisting is a step of its own, so that a test can crash the node between any two writes.

@testable import Raft

/// What survives a crash.
struct Disk: Equatable {
    var hardState = HardState.initial
    var snapshot: SnapshotDescriptor?
    var entries: [LogEntry] = []
    /// The last entry in the durable state of the state machine.
    var applied = LogIndex.zero

    var last: LogPosition { entries.last?.position ?? snapshot?.position ?? .zero }

    /// Writes a ready, or only the first parts of it, as a crash in the middle would leave it.
    mutating func write(_ ready: Ready, partsMax: Int = .max) {
        var partsLeft = partsMax
        func isReached() -> Bool {
            partsLeft -= 1
            return partsLeft >= 0
        }
        if let state = ready.hardState, isReached() { hardState = state }
        if let descriptor = ready.snapshot, isReached() {
            snapshot = descriptor
            entries = []
            applied = descriptor.index
        }
        if let cut = ready.truncateFrom, isReached() { entries.removeAll { $0.index >= cut } }
        for entry in ready.entries where isReached() {
            precondition(entry.index == last.index.next, "the journal would get a gap")
            entries.append(entry)
        }
    }

    /// Drops entries that the durable state machine has.
    mutating func compact(to descriptor: SnapshotDescriptor) {
        precondition(descriptor.index <= applied, "the state machine lacks what is dropped")
        snapshot = descriptor
        entries.removeAll { $0.index <= descriptor.index }
    }

    var restored: RestoredState {
        RestoredState(
            hardState: hardState, snapshot: snapshot, entries: entries, applied: applied)
    }
}

struct Replica {
    let configuration: RaftConfiguration
    var node: RaftNode
    var disk: Disk
    /// Readies that are not on disk yet, oldest first.
    private(set) var unpersisted: [Ready] = []
    /// What the state machine was given in this life.
    private(set) var applied: [LogEntry] = []
    private(set) var reads: [ReadState] = []
    private(set) var abandonedReads: [ReadID] = []

    init(_ configuration: RaftConfiguration, disk: Disk = Disk()) throws {
        self.configuration = configuration
        self.disk = disk
        node = try RaftNode(configuration: configuration, restored: disk.restored)
    }

    var id: NodeID { configuration.id }
    var status: RaftStatus { node.status }
    var isLeader: Bool { node.roleName == .leader }

    /// Takes all that the node has ready, applies what is committed, and queues what is to write.
    mutating func takeReadies() -> [Ready] {
        var taken: [Ready] = []
        while let ready = node.takeReady() {
            applied += ready.committed
            reads += ready.reads
            abandonedReads += ready.abandonedReads
            unpersisted.append(ready)
            taken.append(ready)
        }
        return taken
    }

    /// Takes what the node has ready; returns the messages that may leave before any write.
    mutating func collect() -> [RaftMessage] { takeReadies().flatMap(\.messages) }

    /// Writes the oldest ready and says so; returns the messages that waited for it.
    mutating func persistOne() -> [RaftMessage] {
        guard !unpersisted.isEmpty else { return [] }
        let ready = unpersisted.removeFirst()
        disk.write(ready)
        node.step(.persisted(ready.number))
        return ready.messagesAfterPersistence
    }

    /// Does everything that the node asks for, until it asks for nothing more.
    mutating func settle() -> [RaftMessage] {
        var leaving = collect()
        while !unpersisted.isEmpty {
            leaving += persistOne()
            leaving += collect()
        }
        return leaving
    }

    mutating func step(_ event: RaftEvent) { node.step(event) }

    @discardableResult
    mutating func propose(_ text: String) throws -> ProposalReceipt {
        try node.propose([Array(text.utf8)])
    }

    mutating func read(_ number: UInt64) throws { try node.read(ReadID(number)) }

    /// Lets the leader's lease run out without an election.
    mutating func forgetLease() { node.clock.advance(by: configuration.electionTicks) }

    /// Loses all that is not on disk and starts again.
    mutating func crash() throws {
        node = try RaftNode(configuration: configuration, restored: disk.restored)
        unpersisted = []
        applied = []
    }
}

// MARK: - One node against a scripted world

extension Replica {
    /// Node 1 of a group of the given size, with a log whose entries have these terms.
    static func alone(of count: UInt64 = 3, term: UInt64 = 0, logTerms: [UInt64] = []) throws
        -> Self
    {
        var disk = Disk()
        disk.hardState = HardState(term: Term(term), vote: nil)
        disk.entries = entries(of: logTerms)
        return try Replica(.node(1, of: count), disk: disk)
    }

    /// Delivers one message of the given term, and settles.
    @discardableResult
    mutating func receive(
        _ body: RaftMessage.Body, from peer: UInt64, term: UInt64
    ) -> [RaftMessage] {
        node.step(.message(message(body, from: peer, term: term)))
        return settle()
    }

    func message(_ body: RaftMessage.Body, from peer: UInt64, term: UInt64) -> RaftMessage {
        RaftMessage(from: NodeID(peer), to: id, term: Term(term), body: body)
    }

    @discardableResult
    mutating func tick(_ count: Int = 1) -> [RaftMessage] {
        node.step(.tick(count: count))
        return settle()
    }

    /// Waits out any election timeout; returns the requests for pre-votes.
    mutating func timeOut() -> [RaftMessage] { tick(2 * configuration.electionTicks) }

    /// Makes the node a candidate, with the pre-votes of all others.
    @discardableResult
    mutating func campaign() -> [RaftMessage] {
        var leaving = timeOut()
        let term = status.term.next.rawValue
        for peer in configuration.membership.voters where peer != id {
            guard status.role == .preCandidate else { break }
            leaving = receive(.preVote(granted: true), from: peer.rawValue, term: term)
        }
        return leaving
    }

    /// Makes the node leader of the next term, with the votes of all others.
    @discardableResult
    mutating func win() -> [RaftMessage] {
        var leaving = campaign()
        let term = status.term.rawValue
        for peer in configuration.membership.voters where peer != id {
            guard status.role == .candidate else { break }
            leaving = receive(.vote(granted: true), from: peer.rawValue, term: term)
        }
        return leaving
    }
}

// MARK: - Short forms

func entries(of terms: [UInt64], from first: UInt64 = 1) -> [LogEntry] {
    terms.enumerated().map { offset, term in
        entry(first + UInt64(offset), term)
    }
}

func entry(_ index: UInt64, _ term: UInt64) -> LogEntry {
    LogEntry(
        index: LogIndex(index), term: Term(term),
        payload: .command(Array("\(index)@\(term)".utf8)))
}

func position(_ index: UInt64, _ term: UInt64) -> LogPosition {
    LogPosition(index: LogIndex(index), term: Term(term))
}

func group(of count: UInt64) -> Membership { Membership(voters: (1...count).map { NodeID($0) }) }

extension RaftConfiguration {
    static func node(_ id: UInt64, of count: UInt64) -> Self {
        RaftConfiguration(id: NodeID(id), membership: group(of: count), seed: 1000 + id)
    }
}

extension RaftMessage.Body {
    static func preVote(granted: Bool) -> Self {
        .voteReply(VoteReply(isPreVote: true, isGranted: granted))
    }

    static func vote(granted: Bool) -> Self {
        .voteReply(VoteReply(isPreVote: false, isGranted: granted))
    }

    static func ask(last: LogPosition = .zero, isPreVote: Bool = false, isTransfer: Bool = false)
        -> Self
    {
        .voteRequest(VoteRequest(isPreVote: isPreVote, isTransfer: isTransfer, last: last))
    }

    static func append(after previous: LogPosition, _ terms: [UInt64] = [], commit: UInt64 = 0)
        -> Self
    {
        .append(
            AppendRequest(
                previous: previous,
                entries: entries(of: terms, from: previous.index.rawValue + 1),
                commit: LogIndex(commit)))
    }

    static func beat(commit: UInt64 = 0, round: UInt64 = 0) -> Self {
        .heartbeat(Heartbeat(commit: LogIndex(commit), round: round))
    }

    static func matched(_ index: UInt64) -> Self { .appendReply(.matched(LogIndex(index))) }

    var appended: AppendRequest? {
        guard case .append(let request) = self else { return nil }
        return request
    }
}

extension [RaftMessage] {
    func to(_ peer: UInt64) -> [RaftMessage.Body] {
        filter { $0.to == NodeID(peer) }.map(\.body)
    }

    var appends: [AppendRequest] { compactMap(\.body.appended) }
    var bodies: [RaftMessage.Body] { map(\.body) }
}

extension [LogEntry] {
    var terms: [UInt64] { map(\.term.rawValue) }
}
