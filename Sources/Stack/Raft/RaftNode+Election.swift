// Elections: timeouts, pre-votes, votes, the lease that protects a leader, and handing over.

extension RaftNode {
    mutating func tick(_ count: Int) {
        precondition(count > 0, "time only moves forward")
        now += count
        tickPromise()
        clock.advance(by: count)
        if leadership != nil {
            return tickAsLeader(count)
        }
        tickForwards()
        tickRecovery()
        if clock.isExpired {
            becomePreCandidate()
        }
    }

    private mutating func tickAsLeader(_ count: Int) {
        leadership?.ticksSinceHeartbeat += count
        tickCatchUps(count)
        tickFarewells()
        tickTransfer(count)
        if clock.isPastMinimum {
            guard checkQuorum() else { return becomeFollower(in: term, leader: nil) }
            clock.restart()
        }
        if let silence = leadership?.ticksSinceHeartbeat, silence >= configuration.heartbeatTicks {
            sendHeartbeats()
        }
    }

    /// Tells whether a majority was heard since the last check, and starts the next interval.
    ///
    /// Without it a leader that is cut off would keep its clients waiting for ever (dissertation 6.2).
    private mutating func checkQuorum() -> Bool {
        var heard: Set = [configuration.id]
        for peer in membership.members where leadership?.progress[peer]?.isActive == true {
            heard.insert(peer)
            leadership?.progress[peer]?.isActive = false
        }
        return membership.isQuorum(heard)
    }

    // MARK: Campaigning

    mutating func campaign() {
        switch role {
        case .follower, .preCandidate: becomePreCandidate()
        case .candidate, .leader: break
        }
    }

    /// Asks for pre-votes. Neither term nor vote change: a node that cannot win disturbs nobody.
    private mutating func becomePreCandidate() {
        guard mayCampaign else { return clock.restart() }
        guard votesHeldBack == 0 else { return }  // Its own vote would count.
        enter(.preCandidate(granted: []))
        requestVotes(isPreVote: true, isTransfer: false)
        recordVote(from: configuration.id)
    }

    private mutating func becomeCandidate(isTransfer: Bool) {
        term = term.next
        vote = configuration.id
        enter(.candidate(granted: []))
        requestVotes(isPreVote: false, isTransfer: isTransfer)
        if has(.campaignsBeforeFsync) { recordVote(from: configuration.id) }
        // Its own vote counts when it is durable: didPersist records it.
    }

    private mutating func requestVotes(isPreVote: Bool, isTransfer: Bool) {
        let request = VoteRequest(isPreVote: isPreVote, isTransfer: isTransfer, last: log.last)
        for voter in membership.electors where voter != configuration.id {
            send(.voteRequest(request), to: voter, in: isPreVote ? term.next : term)
        }
    }

    mutating func recordVote(from voter: NodeID) {
        switch role {
        case .preCandidate(var granted):
            granted.insert(voter)
            role = .preCandidate(granted: granted)
            if deciders.isQuorum(granted) { becomeCandidate(isTransfer: false) }
        case .candidate(var granted):
            granted.insert(voter)
            role = .candidate(granted: granted)
            if deciders.isQuorum(granted) { becomeLeader() }
        case .follower, .leader: break
        }
    }

    private mutating func becomeLeader() {
        let start = log.last.index.next
        enter(.leader)
        leadership = Leadership(
            progress: [:], termStart: start,
            uncommittedBytes: log.byteCount(from: log.commit.next, through: log.last.index))
        trackMembers()
        appendAsLeader(.noOp)
    }

    // MARK: Voting

    /// Whether a request for votes is to be ignored, because the leader lives as far as we know.
    ///
    /// A node that was cut off cannot depose a leader that the majority hears (paper, end of 6;
    /// dissertation 4.2.3). The leader itself may ask for an election to hand over.
    func isShieldedByLease(from message: RaftMessage) -> Bool {
        guard case .voteRequest(let request) = message.body, !request.isTransfer else {
            return false
        }
        return leader != nil && !clock.isPastMinimum
    }

    /// Whether this node has no vote to give, in any term: it promised it to nobody for a while
    /// (RaftNode+Lease.swift), or does not know whom it may be given to (Recovery.swift).
    func isHoldingBack(_ message: RaftMessage) -> Bool {
        guard case .voteRequest(let request) = message.body else { return false }
        return recovery != nil || (votesHeldBack > 0 && !request.isTransfer)
    }

    mutating func receive(_ request: VoteRequest, in requestTerm: Term, from peer: NodeID) {
        let isFree = vote == peer || (vote == nil && leader == nil) || has(.votesTwice)
        let mayGrant = request.isPreVote ? requestTerm > term : isFree
        let isUpToDate =
            request.last.isAtLeastAsUpToDate(as: log.last) || has(.skipsElectionRestriction)
        let isGranted = mayGrant && isUpToDate
        if isGranted && !request.isPreVote {
            vote = peer
            clock.restart()
        }
        let reply = VoteReply(isPreVote: request.isPreVote, isGranted: isGranted)
        send(.voteReply(reply), to: peer, in: isGranted ? requestTerm : term)
    }

    mutating func receive(_ reply: VoteReply, in replyTerm: Term, from peer: NodeID) {
        guard reply.isGranted else { return }
        switch role {
        case .preCandidate where reply.isPreVote && replyTerm == term.next: recordVote(from: peer)
        case .candidate where !reply.isPreVote: recordVote(from: peer)
        case .follower, .preCandidate, .candidate, .leader: break
        }
    }
}

// MARK: - Handing over

extension RaftNode {
    /// Starts to hand leadership to another voter; `RaftEvent.transferLeadership` ignores a refusal.
    package mutating func transferLeadership(to target: NodeID) throws(RaftRefusal) {
        guard leadership != nil else { throw .notLeader(leader: leader) }
        guard leadership?.progress[target] != nil, membership.voters.contains(target) else {
            throw .notVoter(target)
        }
        let patience = configuration.electionTicks
        leadership?.transfer = Leadership.Transfer(target: target, ticksLeft: patience)
    }

    /// Gives a transfer up after an election timeout, and takes proposals again.
    private mutating func tickTransfer(_ count: Int) {
        leadership?.transfer?.ticksLeft -= count
        if let left = leadership?.transfer?.ticksLeft, left <= 0 { leadership?.transfer = nil }
    }

    /// Tells the target to campaign, once it has all of the log: then it wins.
    mutating func pushTransfer() {
        guard let transfer = leadership?.transfer, !transfer.isTold,
            leadership?.progress[transfer.target]?.match == log.last.index
        else { return }
        send(.timeoutNow, to: transfer.target)
        leadership?.transfer?.isTold = true
        leadership?.hasToldSuccessor = true
    }

    mutating func receiveTimeoutNow(from peer: NodeID) {
        guard mayCampaign, case .follower = role else { return }
        becomeCandidate(isTransfer: true)
    }
}
