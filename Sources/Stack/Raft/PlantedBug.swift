// Mistakes that the core makes on demand, so that the simulator can show that it would notice them.
//
// Each is one that somebody could make, or has made, when writing Raft from the paper. A switch changes as
// little as a real slip would: one condition, one bound, one forgotten field. Nothing but tests and
// faultline-sim ever sets one.

package enum PlantedBug: String, Hashable, Sendable, CaseIterable {
    /// A leader commits an entry of an older term because a majority has it (paper, figure 8).
    case commitsOlderTermByCount = "commits-older-term-by-count"
    /// The vote does not come back from disk, so the node may vote again in the same term.
    case forgetsVoteOnRestart = "forgets-vote-on-restart"
    /// A follower confirms entries that its disk does not have yet.
    case confirmsBeforeFsync = "confirms-before-fsync"
    /// A voter promises its vote before its disk has it.
    case votesBeforeFsync = "votes-before-fsync"
    /// A leader counts its own copy of an entry before its disk has it.
    case countsOwnCopyBeforeFsync = "counts-own-copy-before-fsync"
    /// A candidate asks for votes, and counts its own, before its disk has its vote.
    case campaignsBeforeFsync = "campaigns-before-fsync"
    /// The end of a write vouches for entries that were cut and replaced while it was under way.
    case forgetsCutsUnderWay = "forgets-cuts-under-way"
    /// A read joins a round of heartbeats that left before it came in.
    case readsJoinEarlierRound = "reads-join-earlier-round"
    /// A leader answers reads without asking whether it still leads.
    case readsWithoutQuorum = "reads-without-quorum"
    /// A new leader answers reads before its term has committed anything.
    case readsBeforeFirstCommit = "reads-before-first-commit"
    /// A leader's clock stands still while it counts how long its lease has left.
    case leaseWithStoppedClock = "lease-with-stopped-clock"
    /// A follower that restarts forgets that it promised to elect nobody.
    case forgetsPromiseOnRestart = "forgets-promise-on-restart"
    /// A leader that hands over goes on to rely on its lease.
    case leaseOutlivesTransfer = "lease-outlives-transfer"
    /// A follower reads by the commit index that it knows, and does not ask its leader.
    case followerReadsUnasked = "follower-reads-unasked"
    /// An answer to a follower's former life is taken for one to the present life.
    case ignoresLifeOfTickets = "ignores-life-of-tickets"
    /// A leader takes what a follower hands on as often as the network brings it.
    case takesForwardsTwice = "takes-forwards-twice"
    /// Voters do not compare logs (paper, 5.4.1).
    case skipsElectionRestriction = "skips-election-restriction"
    /// A voter grants every request of its term.
    case votesTwice = "votes-twice"
    /// A follower keeps an entry of its own where the leader's has another term.
    case keepsConflictingEntries = "keeps-conflicting-entries"
    /// A follower cuts its log at every append, also where it agrees with it.
    case truncatesOnEveryAppend = "truncates-on-every-append"
    /// One voter too few is enough to commit.
    case quorumOffByOne = "quorum-off-by-one"
    /// A heartbeat names the leader's commit index even to a follower that is not known to agree.
    case heartbeatCommitsUnmatched = "heartbeat-commits-unmatched"
    /// A late snapshot replaces state that is newer.
    case installsOlderSnapshot = "installs-older-snapshot"
    /// Entries are applied once they are on disk, committed or not.
    case appliesUncommitted = "applies-uncommitted"
    /// A snapshot names the members with which the group began, not those as of its last entry.
    case snapshotForgetsConfiguration = "snapshot-forgets-configuration"
    /// While joint, the new voters decide alone.
    case jointNeedsOneMajority = "joint-needs-one-majority"
    /// Learners count like voters.
    case countsLearners = "counts-learners"
    /// A configuration stays in force although its entry was cut from the log.
    case keepsCutConfiguration = "keeps-cut-configuration"
}

extension RaftConfiguration {
    /// Whether a message leaves at once although it promises something about the disk.
    func isHasty(_ body: RaftMessage.Body) -> Bool {
        switch body {
        case .appendReply: plantedBug == .confirmsBeforeFsync
        case .voteReply: plantedBug == .votesBeforeFsync
        case .voteRequest: plantedBug == .campaignsBeforeFsync
        default: false
        }
    }
}

extension RaftNode {
    func has(_ bug: PlantedBug) -> Bool { configuration.plantedBug == bug }

    /// Whose votes and whose copies count.
    var deciders: Membership {
        switch configuration.plantedBug {
        case .jointNeedsOneMajority: Membership(voters: membership.voters)
        case .countsLearners:
            Membership(
                voters: membership.voters + membership.learners, outgoing: membership.outgoing)
        default: membership
        }
    }

    /// The newest round whose reads may be answered.
    func readableRound() -> UInt64? {
        has(.readsWithoutQuorum) ? leadership?.reads.rounds.newest : confirmedRound()
    }

    /// A voter that is taken to have all that the leader has: with it a quorum is one too small.
    func isPhantom(_ voter: NodeID) -> Bool {
        has(.quorumOffByOne) && voter == membership.voters.last { $0 != configuration.id }
    }
}
