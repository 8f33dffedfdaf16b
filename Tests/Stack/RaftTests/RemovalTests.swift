// Nodes that go: a leader that is removed, and removed nodes that disturb nobody (dissertation 4.2.2, 4.2.3).

import Testing

@testable import Raft

struct RemovalTests {
    @Test func `a leader that is removed leads until that is committed`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(2, 3)
        try group.change(.remove(NodeID(1)), at: 1)
        #expect(group.leaders == [1])
        group.heal()
        group.tick(1, 2)
        #expect(group[1].status.role == .follower)
        let new = try #require(group.leaders.first)
        #expect(group.leaders == [new] && new != 1, "the others were told not to wait")
        try group.propose("without it", at: new)
        #expect(group[new].status.membership == Membership(voters: ids(2, 3)))
        #expect(group[5 - new].applied.last?.payload == .command(Array("without it".utf8)))
    }

    @Test func `its own copy does not count any more`() throws {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        _ = try replica.node.propose(.remove(NodeID(1)))
        _ = replica.settle()
        replica.receive(.matched(2), from: 2, term: 1)
        #expect(replica.status.commit == LogIndex(1), "one of two new voters")
        replica.receive(.matched(2), from: 3, term: 1)
        #expect(replica.status.commit == LogIndex(2))
        replica.receive(.matched(3), from: 2, term: 1)
        #expect(replica.isLeader && replica.status.commit == LogIndex(2))
        let told = replica.receive(.matched(3), from: 3, term: 1)
        #expect(replica.status.role == .follower && replica.status.commit == LogIndex(3))
        #expect(told.appends.map(\.commit).contains(LogIndex(3)), "the others hear of it")
        #expect(told.bodies.count { $0 == .timeoutNow } == 1)
    }

    @Test func `a leader that becomes a learner steps down, and keeps the log`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        try group.change(.demote(NodeID(1)), at: 1)
        let new = try #require(group.leaders.first)
        #expect(new != 1)
        try group.propose("a", at: new)
        #expect(group[1].applied.last?.payload == .command(Array("a".utf8)))
        group.isolate(1)
        group.tick(1, 500)
        #expect(group[1].status.role == .follower)
    }

    @Test func `a removed node that was not told cannot depose the leader`() throws {
        var group = try Group(of: 4)
        group.elect(1)
        group.isolate(4)
        try group.change(.remove(NodeID(4)), at: 1)
        #expect(group[1].status.isMembershipCommitted)
        group.tickAll(10)
        group.heal()
        group.tickAll(100)
        #expect(group[4].status.role == .preCandidate, "it still thinks that it belongs")
        #expect(group.leaders == [1])
        #expect(group[1].status.term == Term(1))
    }

    @Test func `a removed node hears of it, and then nothing more`() throws {
        var group = try Group(of: 4)
        group.elect(1)
        try group.change(.remove(NodeID(4)), at: 1)
        #expect(group[4].status.membership == Membership(voters: ids(1, 2, 3)))
        #expect(group[4].status.isMembershipCommitted)
        group.tickAll(10)
        group.forgetDelivered()
        try group.propose("a", at: 1)
        group.tickAll(100)
        #expect(!group.delivered.contains { $0.to == NodeID(4) || $0.from == NodeID(4) })
        #expect(group[1].status.matches.map(\.id) == ids(2, 3))
    }

    @Test func `a removed node counts for nothing while it is told`() throws {
        var group = try Group(of: 4)
        group.elect(1)
        try group.change(.remove(NodeID(4)), at: 1)
        group.isolate(2, 3)
        let commit = group[1].status.commit
        try group.propose("a", at: 1)
        #expect(group[4].status.last == group[1].status.last)
        #expect(group[1].status.commit == commit)
    }

    @Test func `a removed node that knows keeps quiet`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        try group.change(.remove(NodeID(1)), at: 1)
        group.forgetDelivered()
        group.tickAll(100)
        #expect(group[1].status.role == .follower)
        #expect(!group.delivered.contains { $0.from == NodeID(1) })
    }

    @Test func `a node that is not in its newest configuration campaigns while it may be needed`()
        throws
    {
        // The example of dissertation 4.2.2: of two nodes, the leader removes itself and crashes when
        // the entry is only on its own disk. The other cannot win against that log.
        let joint = Membership(voters: ids(2), outgoing: ids(1, 2))
        var disk = Disk()
        disk.hardState = HardState(term: Term(1), vote: nil)
        disk.entries = [entry(1, 1), configuration(2, 1, joint)]
        disk.applied = LogIndex(1)
        var group = try Group(of: 2)
        group[2] = try Replica(group[2].configuration, disk: disk)
        disk.entries.append(configuration(3, 1, joint.leaving()))
        group[1] = try Replica(group[1].configuration, disk: disk)
        group.tick(2, 50)
        #expect(group.leaders.isEmpty, "its log is shorter")
        for _ in 0..<3 { group.tick(1, 20) }
        #expect(group.leaders == [2], "node 1 led until the entry was on the other disk")
        #expect(group[2].status.membership == Membership(voters: ids(2)))
        #expect(group[1].status.role == .follower)
    }

    @Test func `a group shrinks to one and grows again`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        for node in [3, 2] as [UInt64] { try group.change(.remove(NodeID(node)), at: 1) }
        #expect(group[1].status.membership == Membership(voters: ids(1)))
        group.isolate(2, 3)
        try group.propose("alone", at: 1)
        #expect(group[1].applied.last?.payload == .command(Array("alone".utf8)))
        group.heal()
        try group.change(.addLearner(NodeID(2)), at: 1)
        group.tickAll(2)
        try group.change(.promote(NodeID(2)), at: 1)
        #expect(group[2].status.membership == Membership(voters: ids(1, 2)))
        #expect(group[2].applied.contains { $0.payload == .command(Array("alone".utf8)) })
    }
}
