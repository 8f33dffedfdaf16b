// Changing who belongs to the group (Raft paper, 6; dissertation 4.2 and 4.3).
//
// The leader appends a configuration and acts by it at once. For other voters that is a joint
// one; when it is committed the leader appends the one that leaves it, and when that is committed a
// leader which is no longer a voter steps down. A leader that fails in between leaves
// the rest to the next: it finds the joint configuration in its log, since a majority of both sides has it.

extension RaftNode {
    /// The configuration in force: the newest in the log, committed or not.
    var membership: Membership { memberships.newest.membership }

    var isMembershipCommitted: Bool { memberships.newest.index <= log.commit }

    /// Whether this node may ask for votes.
    ///
    /// Also one that is not part of its own newest configuration, as long as that is not known to be
    /// committed: it may hold the only log that the others could be led with (dissertation 4.2.2).
    var mayCampaign: Bool {
        guard recovery == nil else { return false }
        if membership.isElector(configuration.id) { return true }
        guard !isMembershipCommitted, let previous = memberships.previous else { return false }
        return previous.isElector(configuration.id)
    }

    /// Appends a change of the members, if this node leads and the change is sound.
    ///
    /// The receipt names the entry that takes effect at once. Where voters change, the change is
    /// over when `status.membership` is no longer joint and is committed.
    package mutating func propose(
        _ change: MembershipChange
    ) throws(RaftRefusal) -> ProposalReceipt {
        guard let leadership else { throw .notLeader(leader: leader) }
        if let transfer = leadership.transfer { throw .transferring(to: transfer.target) }
        let next: Membership
        do throws(MembershipRefusal) {
            next = try successor(by: change)
        } catch {
            throw .membership(error)
        }
        appendAsLeader(.configuration(next))
        return ProposalReceipt(term: term, first: log.last.index, last: log.last.index)
    }

    private func successor(
        by change: MembershipChange
    ) throws(MembershipRefusal) -> Membership {
        guard isMembershipCommitted, !membership.isJoint else { throw .changeInProgress }
        let target = try change.target(from: membership)
        for node in target.voters.subtracting(membership.voters).sorted() {
            guard membership.isLearner(node) else { throw .unknownNode(node) }
            guard isCaughtUp(node) else {
                throw .notCaughtUp(node, match: leadership?.progress[node]?.match ?? .zero)
            }
        }
        return membership.entering(voters: target.voters, learners: target.learners)
    }

    /// Whether a learner keeps up with the log, and was heard within an election timeout.
    func isCaughtUp(_ learner: NodeID) -> Bool {
        guard let leadership, let progress = leadership.progress[learner],
            let catchUp = leadership.catchUps[learner], let heardAt = progress.heardAt
        else { return false }
        let limit = configuration.electionTicks
        return now - heardAt < limit
            && catchUp.isDone(match: progress.match, roundTicksMax: limit)
    }

    // MARK: As a leader

    /// Begins to track new members and forgets those that are gone.
    mutating func trackMembers() {
        guard let leadership else { return }
        var progress: [NodeID: Progress] = [:]
        var catchUps: [NodeID: CatchUp] = [:]
        for node in membership.members where node != configuration.id {
            progress[node] =
                leadership.progress[node]
                ?? Progress(
                    next: log.last.index.next, inFlightMax: configuration.appendsInFlightMax)
            guard membership.isLearner(node) else { continue }
            catchUps[node] = leadership.catchUps[node] ?? CatchUp(target: log.last.index)
        }
        var farewells: [NodeID: Int] = [:]
        for (node, kept) in leadership.progress where progress[node] == nil {
            progress[node] = kept
            farewells[node] = leadership.farewells[node] ?? now + configuration.electionTicks
        }
        self.leadership?.farewells = farewells
        self.leadership?.progress = progress
        self.leadership?.catchUps = catchUps
        if let target = leadership.transfer?.target, !membership.voters.contains(target) {
            self.leadership?.transfer = nil
        }
    }

    /// All that this node sends to: the other members, and for a while those that were removed.
    ///
    /// A removed node that hears of it keeps quiet and can be wound up. Nothing depends on it: one
    /// that does not hear of it disturbs nobody either (dissertation 4.2.3).
    var audience: [NodeID] {
        let others = membership.members.filter { $0 != configuration.id }
        guard let farewells = leadership?.farewells, !farewells.isEmpty else { return others }
        return others + farewells.keys.sorted()
    }

    mutating func tickFarewells() {
        for (node, end) in leadership?.farewells ?? [:] where end <= now {
            leadership?.farewells[node] = nil
            leadership?.progress[node] = nil
        }
    }

    mutating func tickCatchUps(_ count: Int) {
        let last = log.last.index
        for learner in membership.learners {
            guard let match = leadership?.progress[learner]?.match else { continue }
            leadership?.catchUps[learner]?.tick(count, match: match, last: last)
        }
    }

    mutating func noteCatchUp(of peer: NodeID) {
        guard let match = leadership?.progress[peer]?.match else { return }
        let limit = configuration.electionTicks
        let last = log.last.index
        leadership?.catchUps[peer]?.didMatch(match, last: last, roundTicksMax: limit)
    }

    /// Goes on with a change once its entry is committed.
    mutating func advanceMembership() {
        guard leadership != nil, isMembershipCommitted else { return }
        if membership.isJoint {
            appendAsLeader(.configuration(membership.leaving()))
        } else if !membership.voters.contains(configuration.id) {
            retire()
        }
    }

    /// Steps down as a leader that has no vote any more (dissertation 4.2.2).
    ///
    /// The others are told of the commit, and the furthest of them to campaign at once: to wait for
    /// an election timeout would only cost time.
    private mutating func retire() {
        leadership?.transfer = nil
        flushAppends()
        let successor = membership.voters.max { left, right in
            let matches = [left, right].map { leadership?.progress[$0]?.match ?? .zero }
            return matches[0] < matches[1]
        }
        if let successor { send(.timeoutNow, to: successor) }
        becomeFollower(in: term, leader: nil)
    }
}

// MARK: - Compaction

extension RaftNode {
    /// Drops entries from memory, but for those that tell a joining node who its group is.
    mutating func compact(through index: LogIndex) {
        guard !memberships.membership(at: index).voters.isEmpty else { return }
        log.compact(through: index)
        memberships.compact(through: log.base.index)
    }
}
