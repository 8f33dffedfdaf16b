// Changing who belongs to a group: what an operator, or a balancer, asks of the leader's replica, and
// how hosts learn that they are to take part, or no longer.
//
// A host that is spoken to about a group which it has no replica of says so; the leader then invites
// it, if it is a member. A host whose replica speaks to members that have left it behind is
// dismissed. Both are hints that may be lost or repeated: what counts is the group's own log.

package import Linux
package import Raft
import Reactor
import Telemetry

/// What became of a change of the members.
package enum ChangeOutcome: Sendable, Equatable {
    /// Committed, and for voters the joint configuration is left.
    case done
    /// It was not begun.
    case refused(RaftRefusal)
    /// It was begun, and leadership was lost or time ran out: it may be done later, or never.
    case unknown
}

extension ReplicaGroup {
    package var membership: Membership { node.status.membership }

    /// Changes the members, and waits until that is done.
    package func change(_ change: MembershipChange, deadline: MonotonicTime) async -> ChangeOutcome
    {
        guard isRunning else { return .refused(.notLeader(leader: nil)) }
        let former = membership.members
        let receipt: ProposalReceipt
        do throws(RaftRefusal) {
            receipt = try node.propose(change)
        } catch {
            return .refused(error)
        }
        outlets.wake()
        while isRunning, status.term == receipt.term {
            let status = status
            if status.commit >= receipt.first, status.isMembershipCommitted,
                !status.membership.isJoint
            {
                log.info("members", ["group": id, "members": "\(status.membership.members)"])
                // A learner that was left behind never speaks, and so would never be told.
                for peer in former where peer != replica {
                    if let dismissal = dismissal(of: peer) { outlets.tell(peer, dismissal) }
                }
                return .done
            }
            guard await advanced.wait(deadline: deadline) else { break }
        }
        return .unknown
    }

    /// Replaces the voters: newcomers get the log as learners first, then all change places at once.
    ///
    /// It may be asked for again after `unknown`, of the same leader or another one.
    package func replaceVoters(
        with target: Set<NodeID>, deadline: MonotonicTime
    ) async -> ChangeOutcome {
        let present = Set(membership.voters)
        if present == target, membership.learners.isEmpty { return .done }
        let newcomers = target.subtracting(present)
        if !newcomers.isSubset(of: membership.learners) {
            let learning = MembershipChange.replace(voters: present, learners: newcomers)
            let outcome = await change(learning, deadline: deadline)
            guard outcome == .done else { return outcome }
        }
        while true {
            let final = MembershipChange.replace(voters: target, learners: [])
            let outcome = await change(final, deadline: deadline)
            guard case .refused(.membership(.notCaughtUp)) = outcome else { return outcome }
            guard await advanced.wait(deadline: deadline) else { return .unknown }
        }
    }

    /// Asks for an election at once: for the first start of a group.
    package func campaign() {
        guard isRunning else { return }
        node.step(.campaign)
        outlets.wake()
    }

    // MARK: Hosts that come and go

    /// A host says that it has no replica: if it is a member it is invited, by the leader.
    func didFindAbsent(_ peer: NodeID) -> PeerFrame? {
        guard isRunning, isLeader, membership.members.contains(peer) else { return nil }
        return .invite(id, status.commit, charter: charter)
    }

    /// What to tell a host which is no member and still speaks as one; nil when it may be one.
    func dismissal(of peer: NodeID) -> PeerFrame? {
        let status = status
        guard isRunning, status.isMembershipCommitted, !status.membership.voters.isEmpty,
            !status.membership.isJoint, !status.membership.members.contains(peer)
        else { return nil }
        return .dismiss(id, status.commit)
    }

    /// Whether a dismissal as of a commit index is to be believed.
    ///
    /// One from before this replica was invited is not, nor one that the log here contradicts.
    func believesDismissal(at index: LogIndex) -> Bool {
        let status = status
        guard index > admittedAt else { return false }
        let isMember = status.membership.members.contains(replica)
        return !(isMember && status.isMembershipCommitted && status.commit >= index)
    }

    /// A replica that knows itself that it is no member ends, after a pause in which those who wait
    /// for the change here learn that it is done. One that was invited first has to be past the
    /// place of its invitation: before that it reads how it was left out an earlier time.
    func countTicksLeftOut(_ count: Int) {
        let status = status
        let isLeftOut =
            status.isMembershipCommitted && status.commit > admittedAt
            && !status.membership.voters.isEmpty
            && !status.membership.members.contains(replica)
        ticksLeftOut = isLeftOut ? ticksLeftOut + count : 0
        if ticksLeftOut > 2 * limits.ticksPerHeartbeat { outlets.retire() }
    }
}
