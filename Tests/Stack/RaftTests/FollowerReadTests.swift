// Linearizable reads at any replica: the follower asks its leader for the index (dissertation 6.4).

import Testing

@testable import Raft

struct FollowerReadTests {
    private func configuration(_ id: UInt64, life: UInt64 = 100) -> RaftConfiguration {
        var configuration = RaftConfiguration.node(id, of: 3)
        configuration.life = life
        return configuration
    }

    /// A follower of node 2.
    private func follower(life: UInt64 = 100) throws -> Replica {
        var replica = try Replica(configuration(1, life: life))
        replica.receive(.append(after: .zero, [1, 1], commit: 2), from: 2, term: 1)
        return replica
    }

    private func leader() throws -> Replica {
        var replica = try Replica(configuration(1))
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        return replica
    }

    private func ticket(_ number: UInt64, life: UInt64 = 100) -> Ticket {
        Ticket(life: life, number: number)
    }

    private func answer(_ number: UInt64, _ index: UInt64?, life: UInt64 = 100)
        -> RaftMessage.Body
    {
        .readIndexAnswer(
            ReadIndexAnswer(
                ticket: ticket(number, life: life), index: index.map { LogIndex($0) }))
    }

    @Test func `a follower's read sees what was committed before it`() throws {
        var group = try Group(of: 3) { $0.life = 100 + $0.id.rawValue }
        group.elect(1)
        try group.propose("a", at: 1)
        try group[3].node.readHere(ReadID(7))
        group.settle()
        #expect(group[3].reads == [ReadState(id: ReadID(7), index: group[1].status.commit)])
    }

    @Test func `reads between two readies share one question`() throws {
        var replica = try follower()
        for id in 1...50 as ClosedRange<UInt64> { try replica.node.readHere(ReadID(id)) }
        #expect(replica.settle().to(2) == [.readIndex(ticket(1))])
        replica.receive(answer(1, 2), from: 2, term: 1)
        #expect(replica.reads.count == 50)
    }

    @Test func `the index may be ahead of what the follower has`() throws {
        var replica = try follower()
        try replica.node.readHere(ReadID(7))
        _ = replica.settle()
        replica.receive(answer(1, 9), from: 2, term: 1)
        #expect(replica.reads == [ReadState(id: ReadID(7), index: LogIndex(9))])
    }

    @Test func `on a leader it is a read like any other`() throws {
        var replica = try leader()
        try replica.node.readHere(ReadID(7))
        #expect(replica.settle().to(2) == [.beat(commit: 1, round: 1)])
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.reads.map(\.id) == [ReadID(7)])
    }

    @Test func `a learner reads like a follower`() throws {
        var cluster = try Group(of: 4) {
            $0.membership = $0.id.rawValue < 4 ? group(of: 3) : .joining
            $0.life = $0.id.rawValue
        }
        cluster.elect(1)
        try cluster.change(.addLearner(NodeID(4)), at: 1)
        cluster.tickAll(2)
        try cluster[4].node.readHere(ReadID(7))
        cluster.settle()
        #expect(cluster[4].reads.map(\.index) == [cluster[1].status.commit])
    }

    // MARK: The leader's side

    @Test func `a leader answers once a later round is confirmed`() throws {
        var replica = try leader()
        replica.tick()
        let asked = replica.receive(.readIndex(ticket(5, life: 3)), from: 3, term: 1)
        #expect(asked.to(2) == [.beat(commit: 1, round: 2)])
        #expect(replica.receive(.heartbeatReply(round: 1), from: 2, term: 1).isEmpty)
        let answered = replica.receive(.heartbeatReply(round: 2), from: 2, term: 1)
        #expect(answered.to(3) == [answer(5, 1, life: 3)])
        #expect(replica.reads.isEmpty, "it is no read of the leader's own")
    }

    @Test func `a leader without a commit in its term answers later`() throws {
        var replica = try Replica(configuration(1))
        replica.win()
        replica.receive(.readIndex(ticket(1, life: 3)), from: 3, term: 1)
        replica.tick()
        let early = replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(early.to(3).isEmpty)
        replica.receive(.matched(1), from: 2, term: 1)
        let answered = replica.receive(.heartbeatReply(round: 2), from: 2, term: 1)
        #expect(answered.to(3).contains(answer(1, 1, life: 3)))
    }

    @Test func `the lease is no answer to a peer`() throws {
        var configuration = configuration(1)
        configuration.readRule = .lease(driftPercentMax: 10)
        var replica = try Replica(configuration)
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        replica.tick()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.node.leaseTicksLeft > 0)
        let asked = replica.receive(.readIndex(ticket(1, life: 3)), from: 3, term: 1)
        #expect(asked.to(3) == [.beat(commit: 0, round: 2)])
    }

    @Test func `a leader with too many reads refuses`() throws {
        var configuration = configuration(1)
        configuration.pendingReadsMax = 1
        var replica = try Replica(configuration)
        replica.win()
        try replica.read(1)
        let refused = replica.receive(.readIndex(ticket(1, life: 3)), from: 3, term: 1)
        #expect(refused.to(3).contains(answer(1, nil, life: 3)))
    }

    @Test func `who asks a former leader hears the newer term`() throws {
        var replica = try leader()
        replica.receive(.newerTerm, from: 2, term: 4)
        let reply = replica.receive(.readIndex(ticket(1, life: 3)), from: 3, term: 1)
        #expect(reply.bodies == [.newerTerm])
        #expect(replica.receive(.readIndex(ticket(1, life: 3)), from: 3, term: 4).isEmpty)
    }

    // MARK: What goes wrong

    @Test func `a lost question is asked again, and an answer to the old one is void`() throws {
        var replica = try follower()
        try replica.node.readHere(ReadID(7))
        _ = replica.settle()
        var again: [RaftMessage] = []
        for _ in 0..<3 { again += replica.tick() }
        #expect(again.to(2) == [.readIndex(ticket(2))])
        replica.receive(answer(1, 2), from: 2, term: 1)
        #expect(replica.reads.isEmpty)
        replica.receive(answer(2, 2), from: 2, term: 1)
        #expect(replica.reads.map(\.id) == [ReadID(7)])
        replica.receive(answer(2, 2), from: 2, term: 1)
        #expect(replica.reads.count == 1, "a repeated answer answers nothing")
    }

    @Test func `an answer to a former life confirms nothing`() throws {
        var former = try follower(life: 100)
        try former.node.readHere(ReadID(7))
        _ = former.settle()
        var replica = try Replica(configuration(1, life: 200), disk: former.disk)
        replica.receive(.beat(), from: 2, term: 1)
        try replica.node.readHere(ReadID(7))
        #expect(replica.settle().to(2) == [.readIndex(ticket(1, life: 200))])
        replica.receive(answer(1, 2, life: 100), from: 2, term: 1)
        #expect(replica.reads.isEmpty)
        replica.receive(answer(1, 2, life: 200), from: 2, term: 1)
        #expect(replica.reads.count == 1)
    }

    @Test func `reads are given back when the leader refuses`() throws {
        var replica = try follower()
        try replica.node.readHere(ReadID(7))
        _ = replica.settle()
        replica.receive(answer(1, nil), from: 2, term: 1)
        #expect(replica.abandonedReads == [ReadID(7)])
        #expect(replica.reads.isEmpty)
    }

    @Test func `reads are given back when the leader is gone`() throws {
        var group = try Group(of: 3) { $0.life = $0.id.rawValue }
        group.elect(1)
        group.isolate(1)
        try group[3].node.readHere(ReadID(7))
        group.settle()
        #expect(group[3].reads.isEmpty)
        group.tickAll(40)
        #expect(group[3].abandonedReads == [ReadID(7)])
        #expect(group.leaders.contains { $0 != 1 })
    }

    @Test func `an answer of a former term confirms nothing`() throws {
        var replica = try follower()
        try replica.node.readHere(ReadID(7))
        _ = replica.settle()
        replica.receive(.beat(), from: 3, term: 2)
        replica.receive(answer(1, 2), from: 2, term: 1)
        #expect(replica.reads.isEmpty)
        #expect(replica.abandonedReads == [ReadID(7)])
    }

    @Test func `a follower that knows no leader refuses`() throws {
        var replica = try Replica(configuration(1))
        #expect(throws: RaftRefusal.notLeader(leader: nil)) {
            try replica.node.readHere(ReadID(7))
        }
    }

    @Test func `a follower's reads have a bound`() throws {
        var configuration = configuration(1)
        configuration.pendingReadsMax = 2
        var replica = try Replica(configuration)
        replica.receive(.beat(), from: 2, term: 1)
        for id in [1, 2] as [UInt64] { try replica.node.readHere(ReadID(id)) }
        #expect(throws: RaftRefusal.overloaded) { try replica.node.readHere(ReadID(3)) }
        _ = replica.settle()
        #expect(throws: RaftRefusal.overloaded) { try replica.node.readHere(ReadID(3)) }
    }
}
