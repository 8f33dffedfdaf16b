// The end of moves that were cut off: the nodes that were to have the shard got its log as learners, and
// would for ever, though nobody is busy with the move any more.
//
// A move that is asked for again finds them where they are, so they are kept for a while. After that
// the shard's leader, the same or the next, takes them out: a change of learners alone touches no
// majority. A move that comes just then is refused or waits, as on top of any other change.

import Linux
import Raft
import Reactor
import Replication
import Telemetry

extension StoreServer {
    /// How long a leader tries to get one change of learners committed.
    private static let learnerTimeout = Duration.seconds(2)

    /// Lets go of learners that no move has been about for a while, in the shards that are led here.
    func sweepLearners() {
        let now = MonotonicTime.now()
        var seen: [GroupID: MonotonicTime] = [:]
        for (id, replica) in shards where replica.isLeader && moving[id, default: 0] == 0 {
            let members = replica.membership
            guard !members.learners.isEmpty, !members.isJoint else { continue }
            let since = learnersSeen[id] ?? now
            seen[id] = since
            guard now - since > transactions.limits.learnerLifetime else { continue }
            sweep(replica) { server in await server.dropLearners(of: replica) }
        }
        learnersSeen = seen
        moving = moving.filter { $0.value > 0 }
    }

    private func dropLearners(of replica: StoreGroup) async {
        let voters = Set(replica.membership.voters)
        let change = MembershipChange.replace(voters: voters, learners: [])
        let outcome = await replica.change(change, deadline: .now() + Self.learnerTimeout)
        guard outcome == .done else { return }
        log.info("learners let go", ["shard": replica.id])
        tellShards()
    }
}
