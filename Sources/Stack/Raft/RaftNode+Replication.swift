// Replication: what a follower does with entries, and how a leader gets them to a majority.

// MARK: - As a follower

extension RaftNode {
    /// Accepts the sender as the leader of the present term.
    private mutating func follow(_ peer: NodeID) {
        switch role {
        case .follower: role = .follower(leader: peer)
        case .preCandidate, .candidate: enter(.follower(leader: peer))
        case .leader: preconditionFailure("term \(term) has two leaders: \(peer) and this node")
        }
        clock.touch()
        holdBackVotes()
        recover(from: peer)
    }

    mutating func receive(_ request: AppendRequest, from peer: NodeID) {
        follow(peer)
        switch log.merge(request) {
        case .rejected(let hint):
            send(.appendReply(.rejected(at: request.previous.index, hint: hint)), to: peer)
        case .matched(let reach, let cut):
            if let cut { didCut(from: cut) }
            noteMemberships(of: request)
            log.advanceCommit(to: min(request.commit, reach))
            noteAgreement(through: reach)
            send(.appendReply(.matched(reach)), to: peer)
        }
    }

    private mutating func noteMemberships(of request: AppendRequest) {
        for entry in request.entries {
            guard case .configuration = entry.payload, log.term(at: entry.index) == entry.term
            else { continue }
            memberships.note(entry)
        }
    }

    private mutating func didCut(from index: LogIndex) {
        if !has(.forgetsCutsUnderWay) { ledger.cut(from: index) }
        if !has(.keepsCutConfiguration) { memberships.cut(from: index) }
    }

    mutating func receive(_ heartbeat: Heartbeat, from peer: NodeID) {
        follow(peer)
        // The leader names only what this node has confirmed; a disk that lost it must not trap.
        if heartbeat.commit <= log.last.index { log.advanceCommit(to: heartbeat.commit) }
        if let freshness = heartbeat.freshness { note(freshness) }
        send(.heartbeatReply(round: heartbeat.round, stamp: stamp), to: peer)
    }

    mutating func receive(_ snapshot: SnapshotDescriptor, from peer: NodeID) {
        follow(peer)
        if snapshot.index > log.commit || has(.installsOlderSnapshot) {
            install(snapshot)
        }
        noteAgreement(through: log.commit)
        send(.appendReply(.matched(log.commit)), to: peer)
    }

    /// Takes a snapshot in place of the log, unless the log has its last entry (figure 13, step 6).
    private mutating func install(_ snapshot: SnapshotDescriptor) {
        if log.term(at: snapshot.index) == snapshot.term, !has(.installsOlderSnapshot) {
            return log.advanceCommit(to: snapshot.index)
        }
        ledger.cut(from: snapshot.index.next)
        log.replace(by: snapshot.position)
        memberships.replace(by: snapshot)
        pendingSnapshot = snapshot
    }
}

// MARK: - As a leader

extension RaftNode {
    mutating func receive(_ reply: AppendReply, from peer: NodeID) {
        heard(peer)
        switch reply {
        case .matched(let index):
            guard index <= log.last.index else { return }
            let base = log.base.index
            leadership?.progress[peer]?.didMatch(index, base: base)
            noteCatchUp(of: peer)
            advanceCommit()
        case .rejected(let index, let hint):
            let retry = log.lastPosition(notAfter: hint.index, termAtMost: hint.term)?.index
            // Below the base only a snapshot helps; the entry at the base itself leads there.
            let beforeBase = LogIndex(max(log.base.index.rawValue, 1) - 1)
            leadership?.progress[peer]?.didReject(at: index, retry: retry ?? beforeBase)
        }
    }

    mutating func receiveHeartbeatReply(round: UInt64, stamp: Ticket?, from peer: NodeID) {
        heard(peer)
        let last = log.last.index
        leadership?.progress[peer]?.didConfirm(round: round, last: last)
        if let stamp { leadership?.progress[peer]?.stamp = stamp }
        noteConfirmedRound()
    }

    private mutating func heard(_ peer: NodeID) {
        let now = self.now
        leadership?.progress[peer]?.heard(at: now)
    }

    mutating func sendHeartbeats() {
        let now = self.now
        leadership?.reads.rounds.begin(at: now)
        guard let leadership else { return }
        for peer in audience {
            guard let progress = leadership.progress[peer] else { continue }
            let heartbeat = Heartbeat(
                commit: has(.heartbeatCommitsUnmatched)
                    ? log.commit : min(progress.match, log.commit),
                round: leadership.reads.rounds.newest,
                freshness: freshness(for: progress))
            send(.heartbeat(heartbeat), to: peer)
        }
        self.leadership?.ticksSinceHeartbeat = 0
    }

    /// Commits what a majority has on disk, the leader's own copy counted like any other.
    ///
    /// Only an entry of the present term is committed by count; older ones come along with it, or a
    /// later leader could still overwrite them (paper, 5.4.2 and figure 8).
    mutating func advanceCommit() {
        guard leadership != nil else { return }
        let ownReach = has(.countsOwnCopyBeforeFsync) ? log.last.index : log.stable
        let reached: LogIndex =
            switch configuration.commitRule {
            case .majority:
                deciders.reachedByQuorum { voter in
                    voter == configuration.id || isPhantom(voter)
                        ? ownReach : leadership?.progress[voter]?.match ?? .zero
                }
            case .leaderOnly: log.stable
            }
        guard reached > log.commit, log.term(at: reached) == term || has(.commitsOlderTermByCount)
        else { return }
        let released = log.byteCount(from: log.commit.next, through: reached)
        log.advanceCommit(to: reached)
        leadership?.uncommittedBytes -= released
        leadership?.reads.open(commit: reached)
        advanceMembership()
    }

    /// Sends each follower what it is due. Called once a ready, so that proposals travel together.
    mutating func flushAppends() {
        guard leadership != nil else { return }
        for peer in audience {
            while let progress = leadership?.progress[peer],
                progress.wantsAppend(last: log.last.index, commit: log.commit)
            {
                guard sendAppend(to: peer, progress: progress) else { break }
            }
        }
        pushTransfer()
    }

    /// Sends one append, or a snapshot where the entries are gone; false when neither can go now.
    private mutating func sendAppend(to peer: NodeID, progress: Progress) -> Bool {
        let previous = progress.next.previous
        guard previous >= log.base.index, let previousTerm = log.term(at: previous) else {
            return sendSnapshot(to: peer, isActive: progress.isActive)
        }
        let entries =
            progress.hasRoom
            ? log.entries(
                from: progress.next, through: log.last.index,
                bytesMax: configuration.appendBytesMax) : []
        let request = AppendRequest(
            previous: LogPosition(index: previous, term: previousTerm), entries: entries,
            commit: log.commit)
        leadership?.progress[peer]?.didSend(request)
        send(.append(request), to: peer)
        return true
    }

    /// Asks the driver to stream a snapshot. A follower that is down gets none: it would go to waste.
    private mutating func sendSnapshot(to peer: NodeID, isActive: Bool) -> Bool {
        guard isActive, let snapshot = snapshotDescriptor(at: log.base.index) else { return false }
        leadership?.progress[peer]?.didSendSnapshot(through: snapshot.index)
        send(.installSnapshot(snapshot), to: peer)
        return true
    }
}
