// Who decides in a configuration, counted here once more: the core's own counting is what is in question.

import Raft

struct Electorate {
    let membership: Membership

    /// Whether a majority of the voters is among the nodes, and of both sides while joint.
    func isQuorum(_ holds: (NodeID) -> Bool) -> Bool {
        let sides = [membership.voters, membership.outgoing].filter { !$0.isEmpty }
        return !sides.isEmpty && sides.allSatisfy { 2 * $0.count(where: holds) > $0.count }
    }
}
