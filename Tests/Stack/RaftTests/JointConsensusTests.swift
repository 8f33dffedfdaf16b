// Changing voters through a joint configuration (Raft paper, 6; dissertation 4.2 and 4.3).

import Testing

@testable import Raft

struct JointConsensusTests {
    /// Voters 1 to 3, and learners 4 and 5 that have caught up; node 1 leads.
    private func groupOfFive() throws -> Group {
        var group = try Group(of: 3, joining: 2)
        group.elect(1)
        for learner in [4, 5] as [UInt64] {
            try group.change(.addLearner(NodeID(learner)), at: 1)
        }
        group.tickAll(3)
        return group
    }

    private let exchange = MembershipChange.replace(voters: Set(ids(1, 4, 5)), learners: [])
    private let joint = Membership(voters: ids(1, 4, 5), outgoing: ids(1, 2, 3))

    @Test func `the leader enters and leaves the joint configuration by itself`() throws {
        var group = try groupOfFive()
        try group.change(exchange, at: 1)
        for id in [1, 4, 5] as [UInt64] {
            #expect(group[id].status.membership == Membership(voters: ids(1, 4, 5)))
            #expect(group[id].status.isMembershipCommitted)
        }
        let configurations = group[4].disk.entries.compactMap { entry -> Membership? in
            guard case .configuration(let membership) = entry.payload else { return nil }
            return membership
        }
        #expect(configurations.suffix(2) == [joint, Membership(voters: ids(1, 4, 5))])
        group.isolate(2, 3)
        try group.propose("by the new voters", at: 1)
        #expect(group[5].applied.last?.payload == .command(Array("by the new voters".utf8)))
    }

    @Test(arguments: [[2, 3], [4, 5]] as [[UInt64]])
    func `a joint configuration commits by both majorities`(missing: [UInt64]) throws {
        var group = try groupOfFive()
        group.isolate(missing[0], missing[1])
        let commit = group[1].status.commit
        try group.change(exchange, at: 1)
        try group.propose("a", at: 1)
        #expect(group[1].status.membership == joint, "in force before it is committed")
        #expect(!group[1].status.isMembershipCommitted)
        #expect(group[1].status.commit == commit)
        group.heal()
        group.tick(1, 2)
        #expect(group[1].status.membership == Membership(voters: ids(1, 4, 5)))
        #expect(group[1].status.isMembershipCommitted)
    }

    @Test func `one more node of each side is enough`() throws {
        var group = try groupOfFive()
        group.isolate(3, 5)
        try group.change(exchange, at: 1)
        #expect(group[4].status.membership == Membership(voters: ids(1, 4, 5)))
        #expect(group[4].status.isMembershipCommitted)
    }

    /// A node whose log ends in a joint configuration.
    private func jointNode(applied: UInt64) throws -> Replica {
        var disk = Disk()
        disk.hardState = HardState(term: Term(1), vote: nil)
        disk.entries = [entry(1, 1), configuration(2, 1, joint)]
        disk.applied = LogIndex(applied)
        return try Replica(.node(1, of: 3), disk: disk)
    }

    @Test func `an election needs both majorities`() throws {
        var replica = try jointNode(applied: 1)
        let asked = replica.timeOut()
        #expect(asked.map(\.to) == ids(2, 3, 4, 5))
        for peer in [4, 5] as [UInt64] {
            replica.receive(.preVote(granted: true), from: peer, term: 2)
        }
        #expect(replica.status.role == .preCandidate, "the new side alone")
        replica.receive(.preVote(granted: true), from: 2, term: 2)
        #expect(replica.status.role == .candidate)
        for peer in [2, 3] as [UInt64] {
            replica.receive(.vote(granted: true), from: peer, term: 2)
        }
        #expect(replica.status.role == .candidate, "the old side alone")
        replica.receive(.vote(granted: true), from: 5, term: 2)
        #expect(replica.isLeader)
    }

    @Test func `a new leader leaves the joint configuration that it finds`() throws {
        var replica = try jointNode(applied: 2)
        _ = replica.timeOut()
        for peer in [2, 4] as [UInt64] {
            replica.receive(.preVote(granted: true), from: peer, term: 2)
        }
        for peer in [2, 4] as [UInt64] {
            replica.receive(.vote(granted: true), from: peer, term: 2)
        }
        #expect(replica.status.membership == joint, "not before its own term has a commit")
        replica.receive(.matched(3), from: 2, term: 2)
        #expect(replica.status.membership == joint)
        replica.receive(.matched(3), from: 4, term: 2)
        #expect(replica.status.membership == Membership(voters: ids(1, 4, 5)))
        #expect(replica.disk.entries.last == configuration(4, 2, replica.status.membership))
    }

    @Test func `a read in a joint configuration is confirmed by both majorities`() throws {
        var group = try groupOfFive()
        group.isolate(4, 5)
        try group.change(exchange, at: 1)
        try group[1].read(1)
        group.settle()
        #expect(group[1].reads.isEmpty)
        group.heal()
        group.tick(1, 2)
        #expect(group[1].reads.map(\.id) == [ReadID(1)])
    }

    @Test func `a leader that one side does not answer steps down`() throws {
        var group = try groupOfFive()
        group.isolate(4, 5)
        try group.change(exchange, at: 1)
        for _ in 0..<20 { group.tick(1) }
        #expect(group.leaders.isEmpty)
    }

    // MARK: In force from the log, and back

    @Test func `a follower acts by a configuration as soon as it is in its log`() throws {
        var replica = try Replica.alone()
        replica.receive(
            .append(after: .zero, configuration(1, 1, joint)), from: 2, term: 1)
        #expect(replica.status.membership == joint)
        #expect(!replica.status.isMembershipCommitted)
        try replica.crash()
        #expect(replica.status.membership == joint, "a restart finds it in the log")
    }

    @Test func `a configuration that is overwritten is no longer in force`() throws {
        var replica = try Replica.alone()
        replica.step(
            .message(
                replica.message(
                    .append(after: .zero, entry(1, 1), configuration(2, 1, joint)), from: 2, term: 1
                )))
        #expect(replica.takeReadies().compactMap(\.membership) == [joint])
        replica.step(
            .message(replica.message(.append(after: position(1, 1), [2]), from: 3, term: 2)))
        #expect(replica.takeReadies().compactMap(\.membership) == [group(of: 3)])
        #expect(replica.status.membership == group(of: 3))
    }

    @Test func `a late append does not bring an old configuration back`() throws {
        var replica = try Replica.alone()
        let first = RaftMessage.Body.append(after: .zero, configuration(1, 1, joint), commit: 1)
        replica.receive(first, from: 2, term: 1)
        let next = joint.leaving()
        replica.receive(
            .append(after: position(1, 1), configuration(2, 1, next), commit: 2), from: 2, term: 1)
        replica.receive(first, from: 2, term: 1)
        #expect(replica.status.membership == next)
    }

    @Test func `one change at a time`() throws {
        var group = try groupOfFive()
        group.isolate(4, 5)
        try group.change(exchange, at: 1)
        let busy = RaftRefusal.membership(.changeInProgress)
        #expect(throws: busy) { try group.change(.remove(NodeID(3)), at: 1) }
        #expect(throws: busy) { try group.change(.addLearner(NodeID(9)), at: 1) }
        group.heal()
        group.tick(1, 2)
        try group.change(.remove(NodeID(5)), at: 1)
        #expect(group[1].status.membership == Membership(voters: ids(1, 4)))
    }

    @Test func `only a leader that stays changes members`() throws {
        var group = try groupOfFive()
        #expect(throws: RaftRefusal.notLeader(leader: NodeID(1))) {
            try group.change(.remove(NodeID(3)), at: 2)
        }
        group.isolate(2)
        group[1].step(.transferLeadership(to: NodeID(2)))
        #expect(throws: RaftRefusal.transferring(to: NodeID(2))) {
            try group.change(.remove(NodeID(3)), at: 1)
        }
    }

    @Test func `a snapshot names the configuration as of its last entry`() throws {
        var group = try groupOfFive()
        let before = group[1].status.commit
        try group.change(exchange, at: 1)
        let node = group[1].node
        #expect(node.snapshotDescriptor(at: before)?.membership.voters == ids(1, 2, 3))
        #expect(node.snapshotDescriptor(at: before.next)?.membership == joint)
        #expect(node.snapshotDescriptor(at: before.next.next)?.membership == joint.leaving())
    }
}
