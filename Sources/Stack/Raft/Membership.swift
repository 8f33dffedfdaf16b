// Who belongs to a group, and who decides in it.
//
// A change of the voters goes through a joint configuration (Raft paper, 6; dissertation 4.3): while it
// holds, the old and the new voters both have to agree, so at no time can two disjoint majorities decide.
// That is done for a change of one voter as well: the rule for single changes (dissertation 4.1) is
// safe only with a correction that was found after it was published, and one rule is enough.
// Learners get the log and have no say; a change of learners alone touches no majority, so it is one step.

package struct Membership: Hashable, Sendable {
    /// Ascending and without repeats, so that everything derived from it comes in one fixed order.
    package let voters: [NodeID]

    /// The voters of the configuration that is being left; empty unless joint.
    package let outgoing: [NodeID]

    /// Nodes that get the log and do not count. One that is also in `outgoing` votes until the joint
    /// configuration is left, and becomes a learner then. None of them is in `voters`.
    package let learners: [NodeID]

    package init(voters: [NodeID], outgoing: [NodeID] = [], learners: [NodeID] = []) {
        precondition(!voters.isEmpty, "a group needs at least one voter")
        precondition(Set(voters).isDisjoint(with: learners), "a learner does not vote")
        self.init(unchecked: voters, outgoing, learners)
    }

    private init(unchecked voters: [NodeID], _ outgoing: [NodeID], _ learners: [NodeID]) {
        self.voters = Set(voters).sorted()
        self.outgoing = Set(outgoing).sorted()
        self.learners = Set(learners).sorted()
    }

    /// What a node starts with that is to join a group which it knows nothing of.
    ///
    /// It has no voters, so the node never campaigns, and takes what its first leader tells.
    package static let joining = Membership(unchecked: [], [], [])

    package var isJoint: Bool { !outgoing.isEmpty }

    /// All that have a vote, once each; in a joint configuration those of both sides.
    package var electors: [NodeID] {
        isJoint ? Set(voters).union(outgoing).sorted() : voters
    }

    /// All that get the log.
    package var members: [NodeID] {
        isJoint || !learners.isEmpty ? Set(electors).union(learners).sorted() : voters
    }

    package func isElector(_ node: NodeID) -> Bool {
        voters.contains(node) || outgoing.contains(node)
    }

    package func isLearner(_ node: NodeID) -> Bool {
        learners.contains(node) && !outgoing.contains(node)
    }
}

// MARK: - Deciding

extension Membership {
    /// Tells whether the given nodes hold a majority, of both sides while joint; only voters count.
    package func isQuorum(_ nodes: Set<NodeID>) -> Bool {
        Self.isMajority(nodes, of: voters)
            && (outgoing.isEmpty || Self.isMajority(nodes, of: outgoing))
    }

    /// The greatest value that a majority has reached, of both sides while joint.
    package func reachedByQuorum<Mark: Comparable>(_ mark: (NodeID) -> Mark) -> Mark {
        precondition(!voters.isEmpty, "a group that is unknown decides nothing")
        let reached = Self.reachedByMajority(of: voters, mark)
        return outgoing.isEmpty
            ? reached : min(reached, Self.reachedByMajority(of: outgoing, mark))
    }

    private static func quorum(of voters: [NodeID]) -> Int { voters.count / 2 + 1 }

    private static func isMajority(_ nodes: Set<NodeID>, of voters: [NodeID]) -> Bool {
        voters.count { nodes.contains($0) } >= quorum(of: voters)
    }

    private static func reachedByMajority<Mark: Comparable>(
        of voters: [NodeID], _ mark: (NodeID) -> Mark
    ) -> Mark {
        voters.map(mark).sorted(by: >)[quorum(of: voters) - 1]
    }
}

// MARK: - Changing

extension Membership {
    /// The next configuration on the way to other members: joint if the voters change.
    func entering(voters target: Set<NodeID>, learners: Set<NodeID>) -> Membership {
        precondition(!isJoint, "one change at a time")
        let isSame = target == Set(voters)
        return Membership(
            voters: target.sorted(), outgoing: isSame ? [] : voters, learners: learners.sorted())
    }

    /// What follows a joint configuration: the new side alone.
    func leaving() -> Membership {
        precondition(isJoint, "only a joint configuration is left")
        return Membership(voters: voters, learners: learners)
    }
}
