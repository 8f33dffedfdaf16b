// A look at a replica from outside, for status pages and for the driver's own decisions.

package struct RaftStatus: Hashable, Sendable {
    package var id: NodeID
    package var role: RaftRole
    package var term: Term
    package var leader: NodeID?
    package var commit: LogIndex
    /// The last entry that was given out for applying.
    package var handedOut: LogIndex
    /// The last entry in the log.
    package var last: LogPosition
    /// The last entry that is durable here.
    package var stable: LogIndex
    /// The last entry that was compacted away; entries behind it are in memory.
    package var compacted: LogIndex
    /// Bytes that a leader has appended and not yet committed; zero in other roles.
    package var uncommittedBytes: Int
    /// Reads that wait for their quorum round, or for the leader's answer.
    package var pendingReads: Int
    /// Ticks for which a leader may answer reads under its lease; zero if it has none.
    package var leaseTicksLeft: Int
    /// Whether part of the log is missing, so that this node does not vote.
    package var isRecovering: Bool
    /// The configuration in force.
    package var membership: Membership
    /// Whether the configuration in force is known to be committed, so that it cannot change back.
    package var isMembershipCommitted: Bool
    /// How far each other member is known to agree; empty unless this node leads.
    package var matches: [Peer]

    package struct Peer: Hashable, Sendable {
        package var id: NodeID
        package var match: LogIndex
        /// Whether it was heard since the last check of the quorum.
        package var isActive: Bool
        package var isLearner: Bool
        /// Whether a learner may be promoted; true for a voter.
        package var isCaughtUp: Bool
        package var flow: Flow
        /// The last entry of the snapshot that is under way. What follows it has to stay in the log,
        /// or the next snapshot is due as soon as this one has arrived.
        package var snapshot: LogIndex?
    }

    /// How a leader sends entries to a peer.
    package enum Flow: String, Hashable, Sendable {
        case probe, replicate, snapshot
    }
}

extension RaftNode {
    package var status: RaftStatus {
        let leadership = self.leadership
        return RaftStatus(
            id: configuration.id, role: roleName, term: term, leader: leader,
            commit: log.commit, handedOut: log.handedOut, last: log.last, stable: log.stable,
            compacted: log.base.index,
            uncommittedBytes: leadership?.uncommittedBytes ?? 0,
            pendingReads: leadership?.reads.count ?? forwardedReads.count,
            leaseTicksLeft: leaseTicksLeft,
            isRecovering: recovery != nil, membership: membership,
            isMembershipCommitted: isMembershipCommitted,
            matches: membership.members.compactMap(peerStatus))
    }

    private func peerStatus(_ peer: NodeID) -> RaftStatus.Peer? {
        guard let progress = leadership?.progress[peer] else { return nil }
        var snapshot: LogIndex?
        let flow: RaftStatus.Flow
        switch progress.state {
        case .probe: flow = .probe
        case .replicate: flow = .replicate
        case .snapshot(let index): (flow, snapshot) = (.snapshot, index)
        }
        let isLearner = membership.isLearner(peer)
        return RaftStatus.Peer(
            id: peer, match: progress.match, isActive: progress.isActive, isLearner: isLearner,
            isCaughtUp: !isLearner || isCaughtUp(peer), flow: flow, snapshot: snapshot)
    }

    var roleName: RaftRole {
        switch role {
        case .follower: .follower
        case .preCandidate: .preCandidate
        case .candidate: .candidate
        case .leader: .leader
        }
    }

    /// Describes the state after an entry, to name a snapshot that the driver took there.
    ///
    /// Nil when the index is compacted away or was not given out for applying yet, and on a
    /// joining node that does not know its group as of there.
    package func snapshotDescriptor(at index: LogIndex) -> SnapshotDescriptor? {
        guard index <= log.handedOut, let term = log.term(at: index) else { return nil }
        let membership =
            has(.snapshotForgetsConfiguration)
            ? configuration.membership : memberships.membership(at: index)
        guard !membership.voters.isEmpty else { return nil }
        return SnapshotDescriptor(
            position: LogPosition(index: index, term: term), membership: membership)
    }
}
