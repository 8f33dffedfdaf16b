// A replica whose log was damaged: it is rebuilt from its leader before its voice counts again.
//
// A torn tail was never acknowledged and is cut. A checksum error in front of intact records is another
// matter: entries that this node confirmed are gone, and how many cannot be known. To cut them
// and go on would lose what was committed: of three replicas, a leader and this one hold an entry, the
// leader goes down, and this one, having forgotten, votes for the third (Alagappan et al.,
// "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, sections 2 and 3).
//
// So such a node starts as recovering. It asks its leader, by a name that its former life never used, for
// the end of the leader's log, and recovers when its own log agrees with the leader's through there,
// on disk. Why that is enough:
//  - Term and vote are intact, or the node must not be started (see below). So its leader's term T is at
//    least any in which it voted or confirmed anything, and the leader has all that was committed
//    in terms before T (leader completeness; paper, 5.4.3). What it confirmed in T itself was in the
//    leader's log when it asked, since it asks after it lost it.
//  - The leader's commit index would not do: an entry behind it, which this node confirmed before it
//    lost it, may still be committed by that old answer. Hence the end of the log.
//  - Until then it votes for nobody, also not in an election that its leader asked for, and does not
//    campaign. What it confirms meanwhile it does have, from the leader's present log; so that counts.
//  - The leader forgets the old confirmations when it is asked, or it would go on behind them.
// A new leader is asked anew. If a majority is damaged nobody can be elected: the group stands
// still rather than lose what it promised.
//
// Term and vote cannot be got back from the others: a vote that was forgotten could be given twice, and
// even a node that waits for a quorum could then help an older leader to commit behind the back of a
// candidate which it had voted for (Michael et al., "Recovering Shared Objects Without Stable
// Storage", DISC 2017). A driver that cannot vouch for the newest hard state, best by a second copy
// (FAST 2018, 3.3), has to replace the node by one with another id.

struct Recovery: Sendable {
    /// Whom this node asked, and in which term.
    private var leader: NodeID?
    private var term = Term.zero

    /// Number of the newest question; zero before the first.
    private(set) var question: UInt64 = 0
    private var askedAt = 0

    /// What the leader said is the end of its log.
    private var goal: LogIndex?

    /// The log agrees with this leader's through here.
    private var verified = LogIndex.zero
    private var advancedAt = 0

    /// The ready that installs a snapshot which is not known to be on disk. The log counts it as stable
    /// already, since it is committed; but a crash may leave the hard state of a ready without its
    /// snapshot, and the hard state would say that nothing is missing.
    private var installation: ReadyNumber?

    /// Turns to a leader; true if it has to be asked.
    mutating func follow(_ peer: NodeID, in newTerm: Term, at now: Int) -> Bool {
        guard peer != leader || newTerm != term else { return false }
        (leader, term) = (peer, newTerm)
        verified = .zero
        ask(at: now)
        return true
    }

    private mutating func ask(at now: Int) {
        question += 1
        goal = nil
        askedAt = now
        advancedAt = now
    }

    /// Whom to ask again: for lack of an answer, or because nothing comes any more.
    mutating func repeatQuestion(at now: Int, patience: Int, stallMax: Int) -> NodeID? {
        guard let leader else { return nil }
        if goal == nil, now - askedAt >= patience {
            askedAt = now
            return leader
        }
        guard goal != nil, now - advancedAt >= stallMax else { return nil }
        ask(at: now)
        return leader
    }

    mutating func didVerify(through index: LogIndex, at now: Int) {
        guard index > verified else { return }
        verified = index
        advancedAt = now
    }

    mutating func willInstall(in ready: ReadyNumber) { installation = ready }

    mutating func didPersist(_ ready: ReadyNumber) {
        if let awaited = installation, awaited <= ready { installation = nil }
    }

    mutating func answer(_ number: UInt64, last: LogIndex, from peer: NodeID, in answered: Term) {
        guard number == question, peer == leader, answered == term else { return }
        goal = min(goal ?? last, last)
    }

    func isDone(stable: LogIndex) -> Bool {
        guard let goal, installation == nil else { return false }
        return min(verified, stable) >= goal
    }
}

// MARK: - As a recovering node

extension RaftNode {
    /// What has to be on disk besides the log.
    var hardState: HardState { HardState(term: term, vote: vote, isRecovering: recovery != nil) }

    mutating func recover(from leader: NodeID) {
        guard recovery?.follow(leader, in: term, at: now) == true else { return }
        askForGoal(leader)
    }

    private mutating func askForGoal(_ leader: NodeID) {
        guard let number = recovery?.question else { return }
        send(.recover(Ticket(life: configuration.life, number: number)), to: leader)
    }

    mutating func tickRecovery() {
        let leader = recovery?.repeatQuestion(
            at: now, patience: 2 * configuration.heartbeatTicks,
            stallMax: configuration.electionTicks)
        if let leader { askForGoal(leader) }
    }

    mutating func noteAgreement(through index: LogIndex) {
        guard recovery != nil else { return }
        recovery?.didVerify(through: index, at: now)
        finishRecovery()
    }

    mutating func receive(_ answer: RecoveryAnswer, from peer: NodeID) {
        guard answer.ticket.life == configuration.life else { return }
        recovery?.answer(answer.ticket.number, last: answer.last, from: peer, in: term)
        finishRecovery()
    }

    /// Counts again, once all is on disk. A crash before that is on disk as well begins anew.
    mutating func finishRecovery() {
        guard pendingSnapshot == nil, recovery?.isDone(stable: log.stable) == true else { return }
        recovery = nil
    }
}

// MARK: - As its leader

extension RaftNode {
    /// Tells a peer where the log ends, and believes nothing any more that the peer said before.
    mutating func receiveRecover(_ ticket: Ticket, from peer: NodeID) {
        guard let progress = leadership?.progress[peer] else { return }
        if progress.recoveryTicket != ticket {
            let next = log.last.index.next
            leadership?.progress[peer]?.didLoseLog(next: next)
            leadership?.progress[peer]?.recoveryTicket = ticket
        }
        send(.recoveryAnswer(RecoveryAnswer(ticket: ticket, last: log.last.index)), to: peer)
    }
}
