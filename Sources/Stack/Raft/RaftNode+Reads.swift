// Linearizable reads as the node sees them; the queue that orders them is `ReadQueue`.

extension RaftNode {
    /// Asks for a read; its state comes in a later ready, or its id as abandoned.
    ///
    /// The id must not be one that still waits. Nothing is read here: the driver answers once its
    /// state machine has applied the index that the ready names.
    package mutating func read(_ id: ReadID) throws(RaftRefusal) {
        guard let leadership else { throw .notLeader(leader: leader) }
        guard leadership.reads.count < configuration.pendingReadsMax else { throw .overloaded }
        let commit =
            log.commit >= leadership.termStart || has(.readsBeforeFirstCommit) ? log.commit : nil
        let joinsEarlierRound = has(.readsJoinEarlierRound)
        self.leadership?.reads.joinsEarlierRound = joinsEarlierRound
        self.leadership?.reads.add(id, commit: commit)
    }

    /// Opens a round for the reads that came since the last one, whether one read or thousands.
    mutating func flushReads() {
        guard leadership?.reads.startRound() == true else { return }
        sendHeartbeats()
    }

    mutating func takeConfirmedReads() -> [ReadState] {
        guard let confirmed = confirmedRound() else { return [] }
        return leadership?.reads.takeConfirmed(through: confirmed) ?? []
    }

    /// The newest round that a majority has answered; nil when no read waits for one.
    private func confirmedRound() -> UInt64? {
        guard let leadership, leadership.reads.count > 0 else { return nil }
        if has(.readsWithoutQuorum) { return leadership.reads.round }
        return membership.reachedByQuorum { voter in
            voter == configuration.id
                ? leadership.reads.round : leadership.progress[voter]?.round ?? 0
        }
    }
}
