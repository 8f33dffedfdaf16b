// Linearizable reads by ReadIndex (Raft paper, section 8; dissertation 6.4), one test a condition.

import Testing

@testable import Raft

struct ReadTests {
    private func leader() throws -> Replica {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        return replica
    }

    private func state(_ id: UInt64, _ index: UInt64) -> ReadState {
        ReadState(id: ReadID(id), index: LogIndex(index))
    }

    @Test func `a leader commits a blank entry at the start of its term`() throws {
        var replica = try Replica.alone(term: 1, logTerms: [1])
        replica.win()
        #expect(replica.disk.entries.last?.payload == .noOp)
        #expect(replica.disk.entries.last?.position == position(2, 2))
    }

    @Test func `no read is answered before the term's first commit`() throws {
        var replica = try Replica.alone(term: 1, logTerms: [1])
        replica.win()
        try replica.read(7)
        replica.tick()
        for peer in [2, 3] as [UInt64] {
            replica.receive(.heartbeatReply(round: 0), from: peer, term: 2)
        }
        #expect(replica.reads.isEmpty)
        replica.receive(.matched(2), from: 2, term: 2)
        #expect(replica.reads.isEmpty, "it still needs its own round")
        replica.receive(.heartbeatReply(round: 2), from: 2, term: 2)
        #expect(replica.reads == [state(7, 2)])
    }

    @Test func `a read waits for a majority that answers a later heartbeat`() throws {
        var replica = try leader()
        try replica.read(7)
        let asked = replica.settle()
        #expect(asked.to(2) == [.beat(commit: 1, round: 1)])
        #expect(asked.to(3) == [.beat(commit: 0, round: 1)])
        #expect(replica.reads.isEmpty)
        replica.receive(.heartbeatReply(round: 0), from: 2, term: 1)
        #expect(replica.reads.isEmpty, "an answer to an older round proves nothing")
        replica.receive(.heartbeatReply(round: 1), from: 3, term: 1)
        #expect(replica.reads == [state(7, 1)])
    }

    @Test func `an answer of a former term does not confirm a read`() throws {
        var replica = try leader()
        replica.receive(.newerTerm, from: 3, term: 2)
        replica.win()
        replica.receive(.matched(2), from: 2, term: 3)
        try replica.read(7)
        _ = replica.settle()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.reads.isEmpty)
    }

    @Test func `a read that comes after a round needs the next one`() throws {
        var replica = try leader()
        try replica.read(1)
        _ = replica.settle()
        try replica.read(2)
        _ = replica.settle()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.reads.map(\.id) == [ReadID(1)])
        replica.receive(.heartbeatReply(round: 2), from: 2, term: 1)
        #expect(replica.reads.map(\.id) == [ReadID(1), ReadID(2)])
    }

    @Test func `reads between two readies share one round`() throws {
        var replica = try leader()
        for id in 1...100 as ClosedRange<UInt64> { try replica.read(id) }
        #expect(replica.settle().count == 2)
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.reads.count == 100)
    }

    @Test func `a round that was lost is made up for by the next regular heartbeat`() throws {
        var replica = try leader()
        try replica.read(7)
        _ = replica.settle()
        #expect(replica.tick().to(2) == [.beat(commit: 1, round: 2)])
        replica.receive(.heartbeatReply(round: 2), from: 2, term: 1)
        #expect(replica.reads == [state(7, 1)])
    }

    @Test func `the read index is the commit index at the time of the read`() throws {
        var replica = try leader()
        try replica.propose("a")
        try replica.read(7)
        _ = replica.settle()
        replica.receive(.matched(2), from: 2, term: 1)
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.reads == [state(7, 1)])
    }

    @Test func `one voter alone needs no round, yet its term's first commit`() throws {
        var replica = try Replica.alone(of: 1)
        _ = replica.timeOut()
        try replica.read(7)
        _ = replica.settle()
        #expect(replica.reads == [state(7, 1)])
    }

    @Test func `a leader that was deposed unknowingly answers no read`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(1)
        group.elect(2)
        try group.propose("new", at: 2)
        try group[1].read(7)
        group.settle()
        group.heal()
        group.tick(1)
        #expect(group[1].reads.isEmpty)
        #expect(group[1].abandonedReads == [ReadID(7)])
        #expect(group.leaders == [2])
    }

    @Test func `reads at a follower are refused with the leader's id`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        #expect(throws: RaftRefusal.notLeader(leader: NodeID(1))) { try group[2].read(1) }
    }

    @Test func `reads have a bound`() throws {
        var group = try Group(of: 3) { $0.pendingReadsMax = 2 }
        group.elect(1)
        group.isolate(1)
        try group[1].read(1)
        try group[1].read(2)
        #expect(throws: RaftRefusal.overloaded) { try group[1].read(3) }
    }
}
