// Linearizable reads as the node sees them; the queue that orders them is `ReadQueue`.

extension RaftNode {
    /// Asks for a read; its state comes in a later ready, or its id as abandoned.
    ///
    /// The id must not be one that still waits. Nothing is read here: the driver answers once its
    /// state machine has applied the index that the ready names. With `ReadRule.lease`, time must
    /// have been counted up to a moment after the read came in.
    package mutating func read(_ id: ReadID) throws(RaftRefusal) {
        guard let leadership else { throw .notLeader(leader: leader) }
        guard leadership.reads.count < configuration.pendingReadsMax else { throw .overloaded }
        let commit = hasCommittedInTerm ? log.commit : nil
        let joinsEarlierRound = has(.readsJoinEarlierRound)
        self.leadership?.reads.joinsEarlierRound = joinsEarlierRound
        if let commit, leaseTicksLeft > 0 {
            self.leadership?.reads.addLeased(id, commit: commit)
        } else {
            self.leadership?.reads.add(.here(id), commit: commit)
        }
    }

    /// Whether the leader's commit index covers all that was acknowledged before its term.
    var hasCommittedInTerm: Bool {
        leadership.map { log.commit >= $0.termStart || has(.readsBeforeFirstCommit) } ?? false
    }

    /// Opens a round for the reads that came since the last one, whether one read or thousands.
    mutating func flushReads() {
        guard leadership?.reads.needsRound == true else { return }
        sendHeartbeats()
    }

    /// Takes out what may be read here, and answers followers that asked.
    mutating func takeConfirmedReads() -> [ReadState] {
        guard let count = leadership?.reads.count, count > 0, let round = readableRound(),
            let confirmed = leadership?.reads.takeConfirmed(through: round)
        else { return [] }
        var reads: [ReadState] = []
        for read in confirmed {
            switch read.origin {
            case .here(let id): reads.append(ReadState(id: id, index: read.index))
            case .peer(let peer, let ticket):
                let answer = ReadIndexAnswer(ticket: ticket, index: read.index)
                send(.readIndexAnswer(answer), to: peer)
            }
        }
        return reads
    }

    /// The newest round that a majority has answered; nil when this node does not lead.
    func confirmedRound() -> UInt64? {
        guard let newest = leadership?.reads.rounds.newest else { return nil }
        return membership.reachedByQuorum { voter in
            voter == configuration.id ? newest : leadership?.progress[voter]?.round ?? 0
        }
    }
}
