// A driver for tests: one node, a disk in memory, and the order of work that a `Ready` asks for.
// Persisting is a step of its own, so that a test can crash the node between any two writes.

@testable import Raft

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
