// Learners: they get the log, and have no say (dissertation 4.2.1).

import Testing

@testable import Raft

struct LearnerTests {
    /// Three voters and a learner that has caught up; node 1 leads.
    private func groupWithLearner() throws -> Group {
        var group = try Group(of: 3, joining: 1)
        group.elect(1)
        try group.change(.addLearner(NodeID(4)), at: 1)
        group.tickAll(3)
        return group
    }

    @Test func `a learner gets the log and applies it`() throws {
        var group = try groupWithLearner()
        try group.propose("a", at: 1)
        #expect(group[4].applied == group[1].applied)
        #expect(group[4].applied.last?.payload == .command(Array("a".utf8)))
        #expect(group[4].status.membership.isLearner(NodeID(4)))
    }

    @Test func `adding a learner is one step, committed by the voters`() throws {
        let group = try groupWithLearner()
        for id in group.ids {
            let status = group[id].status
            #expect(status.membership == Membership(voters: ids(1, 2, 3), learners: ids(4)))
            #expect(status.isMembershipCommitted)
        }
    }

    @Test func `a learner does not count for commits`() throws {
        var group = try groupWithLearner()
        group.isolate(2, 3)
        let commit = group[1].status.commit
        try group.propose("a", at: 1)
        #expect(group[4].status.last == group[1].status.last, "the learner has it")
        #expect(group[1].status.commit == commit)
    }

    @Test func `a learner does not keep a leader in office`() throws {
        var group = try groupWithLearner()
        group.isolate(2, 3)
        group.tick(1, 10)
        group.tick(1, 10)
        #expect(group.leaders.isEmpty)
    }

    @Test func `a learner confirms no read`() throws {
        var group = try groupWithLearner()
        group.isolate(2, 3)
        try group[1].read(1)
        group.settle()
        #expect(group[1].reads.isEmpty)
        group.heal()
        group.tick(1)
        #expect(group[1].reads.map(\.id) == [ReadID(1)])
    }

    @Test func `a learner never campaigns, and nobody asks it for a vote`() throws {
        var group = try groupWithLearner()
        group.forgetDelivered()
        group.isolate(1)
        group.tickAll(60)
        #expect(group.leaders.contains { $0 == 2 || $0 == 3 })
        let toLearner = group.delivered.to(4)
        #expect(!toLearner.contains { if case .voteRequest = $0 { true } else { false } })
        group.isolate(4)
        group.tick(4, 500)
        #expect(group[4].status.role == .follower)
    }

    @Test func `a learner that is asked votes: its configuration may be the old one`() throws {
        var replica = try Replica(.node(4, of: 3))
        #expect(!replica.status.membership.isElector(NodeID(4)))
        let reply = replica.receive(.ask(last: position(9, 1)), from: 1, term: 2)
        #expect(reply.bodies == [.vote(granted: true)])
        #expect(replica.disk.hardState == HardState(term: Term(2), vote: NodeID(1)))
    }

    @Test func `the status tells learners from voters`() throws {
        let group = try groupWithLearner()
        let peers = group[1].status.matches
        #expect(peers.map(\.id) == ids(2, 3, 4))
        #expect(peers.map(\.isLearner) == [false, false, true])
        #expect(peers.map(\.isCaughtUp) == [true, true, true])
        #expect(peers.map(\.flow) == [.replicate, .replicate, .replicate])
    }

    @Test func `leadership is not handed to a learner`() throws {
        var group = try groupWithLearner()
        #expect(throws: RaftRefusal.notVoter(NodeID(4))) {
            try group[1].node.transferLeadership(to: NodeID(4))
        }
        group[1].step(.transferLeadership(to: NodeID(4)))
        group.settle()
        #expect(group.leaders == [1])
        try group.propose("a", at: 1)
    }

    // MARK: Promotion

    @Test func `a learner that has caught up gets a vote`() throws {
        var group = try groupWithLearner()
        try group.change(.promote(NodeID(4)), at: 1)
        let four = Membership(voters: ids(1, 2, 3, 4))
        #expect(group.ids.allSatisfy { group[$0].status.membership == four })
        group.isolate(2)
        try group.propose("three of four", at: 1)
        #expect(group[1].applied.last?.payload == .command(Array("three of four".utf8)))
        group.isolate(2, 3)
        let commit = group[1].status.commit
        try group.propose("two of four", at: 1)
        #expect(group[1].status.commit == commit, "the learner's vote raised the majority")
    }

    @Test func `a stranger gets no vote`() throws {
        var group = try groupWithLearner()
        for change in [
            MembershipChange.promote(NodeID(9)),
            .replace(voters: Set(ids(1, 2, 3, 9)), learners: []),
        ] {
            #expect(throws: RaftRefusal.membership(.unknownNode(NodeID(9)))) {
                try group.change(change, at: 1)
            }
        }
        #expect(!group[1].status.membership.isJoint, "a refused change leaves no trace")
    }

    @Test func `a learner that was never heard gets no vote`() throws {
        var group = try Group(of: 3, joining: 1)
        group.elect(1)
        group.isolate(4)
        try group.change(.addLearner(NodeID(4)), at: 1)
        #expect(throws: RaftRefusal.membership(.notCaughtUp(NodeID(4), match: .zero))) {
            try group.change(.promote(NodeID(4)), at: 1)
        }
        #expect(group[1].status.matches.last?.isCaughtUp == false)
    }

    @Test func `a learner that lags gets no vote until it is back`() throws {
        var group = try groupWithLearner()
        let match = group[1].status.last.index
        group.isolate(4)
        for number in 0..<12 {
            try group.propose("\(number)", at: 1)
            group.tickAll(1)
        }
        let late = RaftRefusal.membership(.notCaughtUp(NodeID(4), match: match))
        #expect(throws: late) { try group.change(.promote(NodeID(4)), at: 1) }
        group.heal()
        group.tickAll(3)
        try group.change(.promote(NodeID(4)), at: 1)
        #expect(group[4].status.membership.voters == ids(1, 2, 3, 4))
    }

    @Test func `a learner that fell silent gets no vote, even if nothing is missing`() throws {
        var group = try groupWithLearner()
        group.isolate(4)
        group.tickAll(10)
        let match = group[1].status.last.index
        #expect(throws: RaftRefusal.membership(.notCaughtUp(NodeID(4), match: match))) {
            try group.change(.promote(NodeID(4)), at: 1)
        }
    }

    // MARK: Joining

    @Test func `a node that joins waits to be told, and keeps what tells it`() throws {
        var replica = try Replica(.node(4, of: 3, isJoining: true))
        replica.tick(1000)
        #expect(replica.status.role == .follower && replica.status.term == .zero)
        replica.receive(.append(after: .zero, [1, 1], commit: 2), from: 1, term: 1)
        replica.step(.compact(through: LogIndex(2)))
        #expect(replica.status.compacted == .zero, "it cannot say whose snapshot that would be")
        #expect(replica.node.snapshotDescriptor(at: LogIndex(2)) == nil)
        let member = Membership(voters: ids(1, 2, 3), learners: ids(4))
        replica.receive(
            .append(after: position(2, 1), configuration(3, 1, member), commit: 3), from: 1, term: 1
        )
        replica.step(.compact(through: LogIndex(3)))
        #expect(replica.status.compacted == LogIndex(3))
        #expect(replica.node.snapshotDescriptor(at: LogIndex(3))?.membership == member)
    }

    @Test func `a node that joins through a snapshot knows its group`() throws {
        var group = try Group(of: 3, joining: 1)
        group.elect(1)
        for number in 0..<9 { try group.propose("\(number)", at: 1) }
        group[1].step(.compact(through: LogIndex(8)))
        try group.change(.addLearner(NodeID(4)), at: 1)
        group.tickAll(3)
        #expect(group[4].disk.snapshot?.index == LogIndex(8))
        #expect(group[4].disk.snapshot?.membership == Membership(voters: ids(1, 2, 3)))
        #expect(group[4].status.membership.isLearner(NodeID(4)), "the entry came after it")
    }
}
