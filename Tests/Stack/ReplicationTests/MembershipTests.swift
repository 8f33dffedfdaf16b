// Groups whose members change while clients write.

import Linux
import Raft
import Reactor
import Testing

@testable import Replication

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct MembershipTests {
    private var shortLog: ReplicaLimits {
        var limits = ReplicaLimits()
        limits.checkpointEntries = 20
        limits.compactionMargin = 5
        return limits
    }

    private func node(_ id: Int) -> NodeID { NodeID(UInt64(id)) }

    /// Asks whoever leads until the change is done or refused for good.
    private func replace(
        with voters: [Int], _ cluster: HostCluster, of group: UInt64 = 1
    ) async throws {
        let target = Set(voters.map(node))
        try await cluster.until("\(voters) are the voters") {
            let leader = try cluster.group(group, on: try await cluster.leader(of: group))
            let outcome = await leader.replaceVoters(with: target, deadline: soon())
            return outcome == .done ? () : nil
        }
    }

    @Test func `a host that joins as a learner gets the log, and then a vote`() async throws {
        try await HostCluster.with(limits: shortLog, spares: 1) { cluster in
            try await cluster.write(1...60)
            let leader = try cluster.group(on: try await cluster.leader())
            let outcome = await leader.change(.addLearner(node(4)), deadline: soon())
            #expect(outcome == .done)
            try await cluster.until("the learner has it all") {
                let replica = cluster.members().contains(4) ? try cluster.group(on: 4) : nil
                return replica?.state.values.count == 60 ? () : nil
            }
            try await cluster.until("it is promoted") {
                await leader.change(.promote(node(4)), deadline: soon()) == .done ? () : nil
            }
            #expect(leader.membership.voters.count == 4)
            try await cluster.write(61...70)
            try await cluster.settle()
            #expect(try cluster.group(on: 4).state.membership.voters.count == 4)
        }
    }

    @Test func `a group moves to other hosts under writes, and loses none`() async throws {
        try await HostCluster.with(limits: shortLog, spares: 3) { cluster in
            try await cluster.write(1...50)
            let writer = Task { @ReactorActor in
                for number in 51...250 { try await cluster.write("k\(number)", "v\(number)") }
            }
            try await replace(with: [4, 5, 6], cluster)
            try await writer.value
            try await cluster.until("the old hosts have let go") {
                cluster.members() == [4, 5, 6] ? () : nil
            }
            try await cluster.expectWritten(1...250)
            for id in 1...3 { try await cluster.stop(id) }
            try await cluster.write(251...260)
            for id in 4...6 { try await cluster.stop(id) }
            for id in 4...6 { try cluster.start(id) }
            try await cluster.expectWritten(1...260)
        }
    }

    @Test func `a leader that moves itself away hands over`() async throws {
        try await HostCluster.with(spares: 1) { cluster in
            try await cluster.write(1...5)
            let old = try await cluster.leader()
            let target = (1...4).filter { $0 != old }
            let outcome = await (try cluster.group(on: old)).replaceVoters(
                with: Set(target.map(node)), deadline: soon())
            #expect(outcome == .done)
            try await cluster.until("the old leader has let go") {
                cluster.members() == target ? () : nil
            }
            try await cluster.expectWritten(1...5)
        }
    }

    @Test func `a host that was away while it was removed finds out when it is back`() async throws
    {
        try await HostCluster.with(spares: 1) { cluster in
            try await cluster.write(1...5)
            let away = try await cluster.leader() % 3 + 1
            try await cluster.stop(away)
            let target = (1...4).filter { $0 != away }
            try await replace(with: target, cluster)
            try cluster.start(away)
            try await cluster.until("it has let go") {
                cluster.members() == target ? () : nil
            }
            // And it may come back, as if it had never been there.
            try await replace(with: [1, 2, 3], cluster)
            try await cluster.settle()
            try await cluster.until("the other one has let go") {
                cluster.members() == [1, 2, 3] ? () : nil
            }
            #expect(try cluster.group(on: away).state.values.count == 5)
            try await cluster.expectWritten(1...5)
        }
    }

    @Test func `an old dismissal does not end a replica that was invited since`() async throws {
        try await HostCluster.with(spares: 1) { cluster in
            try await cluster.write(1...5)
            try await replace(with: [1, 2, 4], cluster)
            try await cluster.until("host 4 takes part") {
                cluster.members() == [1, 2, 4] ? () : nil
            }
            try await cluster.settle()
            let replica = try cluster.group(on: 4)
            #expect(replica.admittedAt > .zero)
            #expect(!replica.believesDismissal(at: replica.admittedAt))
            #expect(!replica.believesDismissal(at: replica.status.commit))
            #expect(replica.believesDismissal(at: replica.status.commit.advanced(by: 1)))
        }
    }

    @Test func `a group that begins with a state gives it to those who join`() async throws {
        try await HostCluster.with(spares: 1, values: ["k1": "v1", "k2": "v2"]) { cluster in
            try await cluster.write("k3", "v3")
            try await replace(with: [1, 2, 4], cluster)
            try await cluster.settle()
            #expect(
                try cluster.group(on: 4).state.values == ["k1": "v1", "k2": "v2", "k3": "v3"])
            for id in 1...4 { try await cluster.stop(id) }
            for id in [1, 2, 4] { try cluster.start(id) }
            try await cluster.expectWritten(1...3)
        }
    }

    @Test func `a change that makes no sense is refused`() async throws {
        try await HostCluster.with { cluster in
            try await cluster.write("k", "v")
            let leader = try cluster.group(on: try await cluster.leader())
            let outcome = await leader.change(.remove(node(9)), deadline: soon())
            #expect(outcome == .refused(.membership(.unknownNode(node(9)))))
            let follower = try cluster.group(on: try await cluster.leader() % 3 + 1)
            let refusal = await follower.change(.remove(node(1)), deadline: soon())
            guard case .refused(.notLeader) = refusal else {
                Issue.record("a follower changed the members: \(refusal)")
                return
            }
        }
    }
}
