// What replicas tell each other. Plain values: the coding is a file of its own beside this one, and
// how the bytes travel is the driver's affair. Messages may be lost, delayed, repeated and reordered.

/// One message between two replicas.
package struct RaftMessage: Hashable, Sendable {
    package var from: NodeID
    package var to: NodeID
    /// The sender's term; for a pre-vote and its grant, the term that the sender would campaign in.
    package var term: Term
    package var body: Body

    package init(from: NodeID, to: NodeID, term: Term, body: Body) {
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    package enum Body: Hashable, Sendable {
        case voteRequest(VoteRequest)
        case voteReply(VoteReply)
        case append(AppendRequest)
        case appendReply(AppendReply)
        case heartbeat(Heartbeat)
        /// Repeats the round of the heartbeat that it answers; the stamp is the sender's clock.
        case heartbeatReply(round: UInt64, stamp: Ticket? = nil)
        /// Handed to the receiving core only once the driver has all bytes of the snapshot.
        case installSnapshot(SnapshotDescriptor)
        /// Tells a follower to campaign at once: leadership is being handed over (dissertation 3.10).
        case timeoutNow
        /// Answers a request of an older term; it says nothing but the newer term.
        case newerTerm
        /// A follower asks what index its reads have to wait for (dissertation 6.4).
        case readIndex(Ticket)
        case readIndexAnswer(ReadIndexAnswer)
        /// A follower hands on what its clients want written.
        case propose(ForwardedCommands)
        case proposalAnswer(ProposalAnswer)
        /// A follower has lost part of its log, and asks where the leader's ends (Recovery.swift).
        case recover(Ticket)
        case recoveryAnswer(RecoveryAnswer)
    }
}

/// RequestVote, or its rehearsal.
package struct VoteRequest: Hashable, Sendable {
    /// A rehearsal that changes no state anywhere: would you vote for me? (dissertation 9.6)
    package var isPreVote: Bool
    /// The leader itself asked for this election, so that its lease does not stand in the way.
    package var isTransfer: Bool
    /// The end of the candidate's log.
    package var last: LogPosition

    package init(isPreVote: Bool, isTransfer: Bool, last: LogPosition) {
        self.isPreVote = isPreVote
        self.isTransfer = isTransfer
        self.last = last
    }
}

package struct VoteReply: Hashable, Sendable {
    package var isPreVote: Bool
    package var isGranted: Bool

    package init(isPreVote: Bool, isGranted: Bool) {
        self.isPreVote = isPreVote
        self.isGranted = isGranted
    }
}

/// AppendEntries.
package struct AppendRequest: Hashable, Sendable {
    /// The entry right before `entries`, on which follower and leader have to agree.
    package var previous: LogPosition
    /// Consecutive, from `previous.index + 1`; empty to tell a commit index or to probe.
    package var entries: [LogEntry]
    /// The leader's commit index.
    package var commit: LogIndex

    package init(previous: LogPosition, entries: [LogEntry], commit: LogIndex) {
        self.previous = previous
        self.entries = entries
        self.commit = commit
    }
}

package enum AppendReply: Hashable, Sendable {
    /// The follower's durable log agrees with the leader's up to this index.
    case matched(LogIndex)
    /// The follower has no entry `at` with the leader's term there.
    ///
    /// The hint is the follower's last entry not after `at` whose term is not above the one that
    /// the leader offered: every later one must be wrong, so the leader skips whole terms.
    case rejected(at: LogIndex, hint: LogPosition)
}

/// Says that the leader lives, and carries the round of reads that wait to be confirmed.
package struct Heartbeat: Hashable, Sendable {
    /// The commit index, as far as this follower is known to agree with the leader's log.
    package var commit: LogIndex
    /// Number of this round of heartbeats; with the term it is unique for ever.
    package var round: UInt64
    /// For a follower that puts stamps on its answers.
    package var freshness: Freshness?

    package init(commit: LogIndex, round: UInt64, freshness: Freshness? = nil) {
        self.commit = commit
        self.round = round
        self.freshness = freshness
    }
}

package struct ReadIndexAnswer: Hashable, Sendable {
    package var ticket: Ticket
    /// Nil when the leader has too much to do.
    package var index: LogIndex?

    package init(ticket: Ticket, index: LogIndex?) {
        self.ticket = ticket
        self.index = index
    }
}

package struct ForwardedCommands: Hashable, Sendable {
    package var ticket: Ticket
    /// At least one.
    package var commands: [[UInt8]]

    package init(ticket: Ticket, commands: [[UInt8]]) {
        self.ticket = ticket
        self.commands = commands
    }
}

package struct ProposalAnswer: Hashable, Sendable {
    package var ticket: Ticket
    /// Nil when the leader refused.
    package var receipt: ProposalReceipt?

    package init(ticket: Ticket, receipt: ProposalReceipt?) {
        self.ticket = ticket
        self.receipt = receipt
    }
}

package struct RecoveryAnswer: Hashable, Sendable {
    package var ticket: Ticket
    /// The end of the leader's log when it was asked.
    package var last: LogIndex

    package init(ticket: Ticket, last: LogIndex) {
        self.ticket = ticket
        self.last = last
    }
}

extension RaftMessage.Body {
    /// Whether only the leader of the message's term sends this.
    var isFromLeader: Bool {
        switch self {
        case .append, .heartbeat, .installSnapshot, .timeoutNow, .readIndexAnswer, .proposalAnswer,
            .recoveryAnswer:
            true
        case .voteRequest, .voteReply, .appendReply, .heartbeatReply, .newerTerm, .readIndex,
            .propose, .recover:
            false
        }
    }

    /// Whether it may leave before the sender's own disk has what the same ready asks to write.
    ///
    /// A leader's term and vote were durable before it was elected, and it does not count its own
    /// copy of an entry until that is durable, so its requests promise nothing about its disk
    /// (dissertation 10.2.1). Every other message is such a promise: a vote, a term, a match.
    var mayPrecedePersistence: Bool { isFromLeader }
}
