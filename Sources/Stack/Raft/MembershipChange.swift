// What can be asked of a leader about the members of its group, and why it may refuse.

/// A wish for other members. It becomes one entry, or two where voters change: the leader adds the second
/// by itself, once the joint configuration is committed.
package enum MembershipChange: Hashable, Sendable {
    /// Starts to send a new node the log.
    case addLearner(NodeID)
    /// Gives a learner that has caught up a vote.
    case promote(NodeID)
    /// Takes a voter's vote away; it still gets the log.
    case demote(NodeID)
    case remove(NodeID)
    /// Several of the above at once. New voters have to be learners that have caught up.
    case replace(voters: Set<NodeID>, learners: Set<NodeID>)
}

/// Why the members cannot be changed so, or not now.
package enum MembershipRefusal: Error, Hashable, Sendable {
    /// An earlier change is not committed, or not left: one at a time (dissertation 4.1).
    case changeInProgress
    /// It is so already.
    case nothingToChange
    /// A group without voters could never decide again.
    case noVoterLeft
    case unknownNode(NodeID)
    /// The same node was named as a voter and as a learner.
    case ambiguous(NodeID)
    /// A voter that lags would hold up commits until it has the log (dissertation 4.2.1).
    case notCaughtUp(NodeID, match: LogIndex)
}

extension MembershipChange {
    /// The members as wished for, whether or not new voters have caught up.
    func target(
        from present: Membership
    ) throws(MembershipRefusal) -> (voters: Set<NodeID>, learners: Set<NodeID>) {
        var voters = Set(present.voters)
        var learners = Set(present.learners)
        switch self {
        case .addLearner(let node):
            guard !voters.contains(node) else { throw .nothingToChange }
            learners.insert(node)
        case .promote(let node):
            guard !voters.contains(node) else { throw .nothingToChange }
            guard learners.remove(node) != nil else { throw .unknownNode(node) }
            voters.insert(node)
        case .demote(let node):
            guard !learners.contains(node) else { throw .nothingToChange }
            guard voters.remove(node) != nil else { throw .unknownNode(node) }
            learners.insert(node)
        case .remove(let node):
            guard voters.remove(node) != nil || learners.remove(node) != nil else {
                throw .unknownNode(node)
            }
        case .replace(let newVoters, let newLearners):
            if let node = newVoters.intersection(newLearners).min() { throw .ambiguous(node) }
            (voters, learners) = (newVoters, newLearners)
        }
        guard !voters.isEmpty else { throw .noVoterLeft }
        guard voters != Set(present.voters) || learners != Set(present.learners) else {
            throw .nothingToChange
        }
        return (voters, learners)
    }
}
