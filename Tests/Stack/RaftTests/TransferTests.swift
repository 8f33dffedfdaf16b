// Handing leadership over (dissertation 3.10).

import Testing

@testable import Raft

struct TransferTests {
    @Test func `leadership goes to the chosen follower at once, without a timeout`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.tickAll(3)
        group[1].step(.transferLeadership(to: NodeID(3)))
        group.settle()
        #expect(group.leaders == [3])
        #expect(group[3].status.term == Term(2))
        #expect(group.ids.allSatisfy { group[$0].status.leader == NodeID(3) })
    }

    @Test func `a target that lags is brought up to date first`() throws {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        try replica.propose("a")
        _ = replica.settle()
        replica.step(.transferLeadership(to: NodeID(2)))
        #expect(replica.settle().isEmpty)
        let told = replica.receive(.matched(2), from: 2, term: 1)
        #expect(told.to(2).contains(.timeoutNow))
        #expect(!replica.tick().bodies.contains(.timeoutNow), "it is told once")
    }

    @Test func `no proposal is taken while leadership is handed over`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(1)
        group[1].step(.transferLeadership(to: NodeID(2)))
        #expect(throws: RaftRefusal.transferring(to: NodeID(2))) { try group[1].propose("a") }
    }

    @Test func `a transfer that gets nowhere is given up after an election timeout`() throws {
        var replica = try Replica.alone()
        replica.win()
        replica.step(.transferLeadership(to: NodeID(2)))
        for _ in 0..<10 {
            replica.receive(.heartbeatReply(round: 0), from: 3, term: 1)
            replica.tick()
        }
        #expect(replica.isLeader)
        try replica.propose("a")
    }

    @Test(arguments: [1, 9] as [UInt64])
    func `a transfer to oneself or to a stranger changes nothing`(target: UInt64) throws {
        var replica = try Replica.alone()
        replica.win()
        replica.step(.transferLeadership(to: NodeID(target)))
        try replica.propose("a")
    }

    @Test func `a follower cannot hand over what it does not have`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group[2].step(.transferLeadership(to: NodeID(3)))
        group.settle()
        #expect(group.leaders == [1])
    }

    @Test func `the vote of a transfer passes the lease`() throws {
        var replica = try Replica.alone(term: 1)
        replica.receive(.beat(), from: 2, term: 1)
        let reply = replica.receive(.ask(isTransfer: true), from: 3, term: 2)
        #expect(reply.bodies == [.vote(granted: true)])
    }
}
