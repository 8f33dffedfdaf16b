// One replica of a Raft group as a pure state machine: events in, readies out.
//
// It follows Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014; "the
// paper"), and Ongaro's dissertation "Consensus: Bridging Theory and Practice" (2014), with PreVote
// (9.6), leadership transfer (3.10), ReadIndex (6.4) and a leader that writes to its disk while its
// followers write to theirs (10.2.1). CheckQuorum makes a leader that hears no majority step down.
// There is no I/O, no clock and no randomness in here: the driver brings ticks, messages and a seed, and
// does what the readies ask (Ready.swift says in what order). The same events give the same readies.
//
// A driver's loop: step whatever came in, then take readies until there are none. Messages
// that wait in sockets are stepped before ticks: after a pause of the process, they hold the news.
//
// Reads and proposals on a follower are refused with the leader's id, or handed on (RaftNode+Forwarding).

package struct RaftNode: Sendable {
    let configuration: RaftConfiguration
    var memberships: MembershipHistory
    var term: Term
    /// The candidate that got this node's vote in `term`.
    var vote: NodeID?
    var role = Role.follower(leader: nil)
    /// The leader's bookkeeping; nil in any other role. Stored apart from the role so that it can be
    /// looked into without a copy of its tables.
    var leadership: Leadership?
    var log: RaftLog
    var clock: ElectionClock
    var ledger: PersistenceLedger
    var outbox = Outbox()
    var pendingSnapshot: SnapshotDescriptor?
    var abandonedReads: [ReadID] = []
    var forwardedReads = ForwardedReads()
    var forwardedProposals = ForwardedProposals()
    var stalenessMarks = StalenessMarks()
    /// Ticks in this life.
    var now = 0
    /// Tick events for which this node votes for nobody, see RaftNode+Lease.swift.
    var votesHeldBack = 0
    /// Present while part of the log is missing, see Recovery.swift.
    var recovery: Recovery?
    var announced: RoleChange?

    /// Starts as a follower from what the disk holds; a node that is new starts from nothing.
    package init(
        configuration: RaftConfiguration, restored: RestoredState = RestoredState()
    ) throws(RaftRestoreError) {
        configuration.assertUsable()
        let toleratesLostCommits = configuration.toleratesLostCommits
        try restored.validate(toleratesLostCommits: toleratesLostCommits)
        self.configuration = configuration
        memberships = MembershipHistory(
            base: restored.snapshot?.membership ?? configuration.membership,
            at: restored.snapshot?.index ?? .zero, entries: restored.entries)
        term = restored.hardState.term
        vote =
            configuration.plantedBug == .forgetsVoteOnRestart ? nil : restored.hardState.vote
        log = RaftLog(restored: restored, toleratesLostCommits: toleratesLostCommits)
        log.plantedBug = configuration.plantedBug
        clock = ElectionClock(minimum: configuration.electionTicks, seed: configuration.seed)
        ledger = PersistenceLedger(restored: restored.hardState)
        if restored.hardState.isRecovering, !has(.votesWithDamagedLog) {
            precondition(configuration.life != 0, "a damaged node needs a name for its life")
            recovery = Recovery()
        }
        // It may have promised something in its former life.
        if term > .zero, !has(.forgetsPromiseOnRestart) { holdBackVotes() }
    }
}

/// What a driver tells a replica.
package enum RaftEvent: Sendable {
    /// Time has passed; several ticks at once after a pause.
    case tick(count: Int)
    case message(RaftMessage)
    /// This ready and all before it are on disk. For one that has nothing to write it may be left
    /// out; if it is said, it still vouches for all before.
    case persisted(ReadyNumber)
    /// Do not wait for the timeout: for the first start of a group. A leader that lives is safe,
    /// since the lease and the pre-vote hold as ever.
    case campaign
    /// Hand leadership to a voter that is up to date; nothing happens unless this node leads.
    case transferLeadership(to: NodeID)
    /// The durable state machine holds all entries up to here: drop them from memory.
    case compact(through: LogIndex)
    /// The link to a peer broke; what is under way may be lost.
    case unreachable(NodeID)
    /// The snapshot that `installSnapshot` asked to stream was handed over, or was not. Said once
    /// for each such message, whatever happens: the follower gets nothing else meanwhile.
    case snapshotFinished(to: NodeID, isDelivered: Bool)
}

/// Why a proposal or a read was not taken. It was certainly not executed.
package enum RaftRefusal: Error, Hashable, Sendable {
    /// Ask the leader; nil while none is known.
    case notLeader(leader: NodeID?)
    /// Leadership is being handed over; ask this node.
    case transferring(to: NodeID)
    /// Too much is under way; ask again later.
    case overloaded
    /// Leadership goes only to a voter that stays one.
    case notVoter(NodeID)
    /// The members cannot be changed so, or not now.
    case membership(MembershipRefusal)
}

/// Where proposed commands stand in the log, if they are ever committed.
///
/// A committed entry at one of these indices that has another term means that the
/// proposal was overwritten and certainly not executed.
package struct ProposalReceipt: Hashable, Sendable {
    package let term: Term
    package let first: LogIndex
    package let last: LogIndex
}

extension RaftNode {
    /// Takes one event; what follows from it is in the next ready.
    package mutating func step(_ event: RaftEvent) {
        switch event {
        case .tick(let count): tick(count)
        case .message(let message): receive(message)
        case .persisted(let number): didPersist(number)
        case .campaign: campaign()
        case .transferLeadership(let target): try? transferLeadership(to: target)
        case .compact(let index): compact(through: index)
        case .unreachable(let peer): leadership?.progress[peer]?.becameUnreachable()
        case .snapshotFinished(let peer, let isDelivered):
            leadership?.progress[peer]?.didFinishSnapshot(isDelivered: isDelivered)
        }
    }

    /// Appends commands to the log, if this node leads and is not swamped.
    package mutating func propose(
        _ commands: [[UInt8]]
    ) throws(RaftRefusal) -> ProposalReceipt {
        precondition(!commands.isEmpty, "a proposal holds at least one command")
        guard let leadership else { throw .notLeader(leader: leader) }
        if let transfer = leadership.transfer { throw .transferring(to: transfer.target) }
        let entries = commands.map { LogEntry.Payload.command($0) }
        let held = leadership.uncommittedBytes
        let bytes = entries.reduce(0) { $0 + $1.byteCount }
        guard held == 0 || held + bytes <= configuration.uncommittedBytesMax else {
            throw .overloaded
        }
        let first = log.last.index.next
        for entry in entries { appendAsLeader(entry) }
        return ProposalReceipt(term: term, first: first, last: log.last.index)
    }

    mutating func appendAsLeader(_ payload: LogEntry.Payload) {
        let entry = log.append(payload, term: term)
        leadership?.uncommittedBytes += payload.byteCount
        guard case .configuration = payload else { return }
        memberships.note(entry)
        trackMembers()
    }

    private mutating func didPersist(_ number: ReadyNumber) {
        recovery?.didPersist(number)
        guard let last = ledger.acknowledge(number) else { return }
        log.markStable(through: last)
        finishRecovery()
        if case .candidate = role, ledger.durable == hardState {
            recordVote(from: configuration.id)
        }
        advanceCommit()
    }
}

// MARK: - Messages

extension RaftNode {
    func message(_ body: RaftMessage.Body, to peer: NodeID, in term: Term? = nil) -> RaftMessage {
        RaftMessage(from: configuration.id, to: peer, term: term ?? self.term, body: body)
    }

    mutating func send(_ body: RaftMessage.Body, to peer: NodeID, in term: Term? = nil) {
        outbox.add(
            message(body, to: peer, in: term), isHasty: configuration.isHasty(body))
    }

    private mutating func receive(_ message: RaftMessage) {
        guard message.to == configuration.id, message.from != configuration.id else { return }
        if message.term < term { return answerOutdated(message) }
        guard !isHoldingBack(message) else { return }
        if message.term > term {
            guard !isShieldedByLease(from: message) else { return }
            if message.bindsReceiver {
                let leader = message.body.isFromLeader ? message.from : nil
                becomeFollower(in: message.term, leader: leader)
            }
        }
        dispatch(message)
    }

    private mutating func dispatch(_ message: RaftMessage) {
        let peer = message.from
        switch message.body {
        case .voteRequest(let request): receive(request, in: message.term, from: peer)
        case .voteReply(let reply): receive(reply, in: message.term, from: peer)
        case .append(let request): receive(request, from: peer)
        case .appendReply(let reply): receive(reply, from: peer)
        case .heartbeat(let heartbeat): receive(heartbeat, from: peer)
        case .heartbeatReply(let round, let stamp):
            receiveHeartbeatReply(round: round, stamp: stamp, from: peer)
        case .installSnapshot(let snapshot): receive(snapshot, from: peer)
        case .timeoutNow: receiveTimeoutNow(from: peer)
        case .readIndex(let ticket): receiveReadIndex(ticket, from: peer)
        case .readIndexAnswer(let answer): receive(answer)
        case .propose(let commands): receive(commands, from: peer)
        case .proposalAnswer(let answer): receive(answer)
        case .recover(let ticket): receiveRecover(ticket, from: peer)
        case .recoveryAnswer(let answer): receive(answer, from: peer)
        case .newerTerm: break  // Its term has done all that it was sent for.
        }
    }

    /// Answers requests of an older term with ours, so that their sender steps down (paper, 5.1).
    ///
    /// A sender of a pre-vote, too: or a node with a longer log and an older term could
    /// never win, while the others cannot win against its log.
    private mutating func answerOutdated(_ message: RaftMessage) {
        switch message.body {
        case .append, .heartbeat, .installSnapshot, .readIndex, .propose, .recover:
            send(.newerTerm, to: message.from)
        case .voteRequest(let request):
            let reply = VoteReply(isPreVote: request.isPreVote, isGranted: false)
            send(.voteReply(reply), to: message.from)
        case .voteReply, .appendReply, .heartbeatReply, .timeoutNow, .newerTerm, .readIndexAnswer,
            .proposalAnswer, .recoveryAnswer:
            break
        }
    }
}

extension RaftMessage {
    /// Whether the message's term is one that really began, as opposed to one that is being considered.
    fileprivate var bindsReceiver: Bool {
        switch body {
        case .voteRequest(let request): !request.isPreVote
        case .voteReply(let reply): !(reply.isPreVote && reply.isGranted)
        case .append, .appendReply, .heartbeat, .heartbeatReply, .installSnapshot, .timeoutNow,
            .newerTerm, .readIndex, .readIndexAnswer, .propose, .proposalAnswer, .recover,
            .recoveryAnswer:
            true
        }
    }
}
