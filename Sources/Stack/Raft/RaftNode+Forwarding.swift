// Reads and proposals at a replica that does not lead: it asks the one that does.

extension RaftNode {
    /// Asks for a linearizable read of this replica's own state, whether or not it leads.
    ///
    /// Goes on like `read`: the state comes in a later ready, or the id as abandoned. A learner may
    /// ask as well. Needs `RaftConfiguration.life`.
    package mutating func readHere(_ id: ReadID) throws(RaftRefusal) {
        guard leadership == nil else { return try read(id) }
        try checkCanForward()
        guard forwardedReads.count < configuration.pendingReadsMax else { throw .overloaded }
        if has(.followerReadsUnasked) { return forwardedReads.confirm(id, log.commit) }
        forwardedReads.add(id)
    }

    /// Hands commands to the leader; what became of them is in a later ready.
    ///
    /// The core sends them once. A driver that sends them again after `unknown` needs a state machine
    /// that knows repeated commands. On a leader this is `propose`. Needs `RaftConfiguration.life`.
    package mutating func forward(_ commands: [[UInt8]]) throws(RaftRefusal) -> Ticket {
        precondition(!commands.isEmpty, "a proposal holds at least one command")
        if leadership != nil {
            let receipt = try propose(commands)
            let ticket = forwardedProposals.issue(life: configuration.life, at: now)
            forwardedProposals.settle(ticket, .appended(receipt))
            return ticket
        }
        let leader = try checkCanForward()
        guard forwardedProposals.count < configuration.forwardsMax else { throw .overloaded }
        let ticket = forwardedProposals.issue(life: configuration.life, at: now)
        send(.propose(ForwardedCommands(ticket: ticket, commands: commands)), to: leader)
        return ticket
    }

    @discardableResult
    private func checkCanForward() throws(RaftRefusal) -> NodeID {
        precondition(configuration.life != 0, "a follower cannot ask without a name for its life")
        guard let leader else { throw .notLeader(leader: nil) }
        return leader
    }

    // MARK: As a follower

    /// Sends one question for all reads that came since the last ready.
    mutating func flushForwards() {
        guard leadership == nil, let leader,
            let number = forwardedReads.takeQuestion(at: now)
        else { return }
        send(.readIndex(Ticket(life: configuration.life, number: number)), to: leader)
    }

    /// Asks lost questions again, and gives up proposals without an answer.
    mutating func tickForwards() {
        forwardedReads.repeatQuestions(askedBefore: now - 2 * configuration.heartbeatTicks)
        forwardedProposals.giveUp(sentBefore: now - configuration.electionTicks)
    }

    /// The leader is gone: what it was asked stays open.
    mutating func abandonForwards() {
        abandonedReads += forwardedReads.abandon()
        forwardedProposals.giveUp()
    }

    mutating func receive(_ answer: ReadIndexAnswer) {
        guard answer.ticket.life == configuration.life || has(.ignoresLifeOfTickets) else { return }
        abandonedReads += forwardedReads.answer(answer.ticket.number, index: answer.index)
    }

    mutating func receive(_ answer: ProposalAnswer) {
        let outcome = answer.receipt.map(ForwardedProposal.Outcome.appended) ?? .refused
        forwardedProposals.settle(answer.ticket, outcome)
    }

    // MARK: As a leader

    /// A read for a peer always takes a quorum round, never the lease: only the driver of a read of
    /// its own can vouch that time was counted up to the read (`ReadRule.lease`).
    mutating func receiveReadIndex(_ ticket: Ticket, from peer: NodeID) {
        guard let leadership else { return }
        guard leadership.reads.count < configuration.pendingReadsMax else {
            return send(.readIndexAnswer(ReadIndexAnswer(ticket: ticket, index: nil)), to: peer)
        }
        let commit = hasCommittedInTerm ? log.commit : nil
        self.leadership?.reads.add(.peer(peer, ticket), commit: commit)
    }

    mutating func receive(_ forwarded: ForwardedCommands, from peer: NodeID) {
        // A repeated message gets no answer: what it could say now may differ from the truth.
        guard !forwarded.commands.isEmpty,
            leadership?.taken.take(forwarded.ticket, of: peer) == true || has(.takesForwardsTwice)
        else { return }
        let receipt = try? propose(forwarded.commands)
        send(
            .proposalAnswer(ProposalAnswer(ticket: forwarded.ticket, receipt: receipt)), to: peer)
    }
}
