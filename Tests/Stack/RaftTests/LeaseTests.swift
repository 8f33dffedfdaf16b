// PreVote, CheckQuorum and the leader's lease: a healthy leader stays, a cut-off one goes.

import Testing

@testable import Raft

struct LeaseTests {
    @Test func `a node that was cut off and returns does not depose the leader`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(3)
        group.tickAll(100)
        #expect(group[3].status.role == .preCandidate)
        #expect(group[3].status.term == Term(1), "it asked in vain, and raised no term")
        group.heal()
        group.tickAll(30)
        #expect(group.leaders == [1])
        #expect(group[1].status.term == Term(1))
        #expect(group[3].status.leader == NodeID(1))
    }

    @Test(arguments: [true, false])
    func `a follower that hears its leader ignores requests for votes`(isPreVote: Bool) throws {
        var replica = try Replica.alone(term: 1)
        replica.receive(.beat(), from: 2, term: 1)
        replica.tick(replica.configuration.electionTicks - 1)
        let ask = RaftMessage.Body.ask(last: position(9, 1), isPreVote: isPreVote)
        #expect(replica.receive(ask, from: 3, term: 8).isEmpty)
        #expect(replica.status.term == Term(1))
        #expect(replica.status.leader == NodeID(2))
    }

    @Test func `a leader ignores requests for votes while a majority answers it`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.tickAll(25)
        group[1].receive(.ask(last: position(9, 9)), from: 3, term: 9)
        #expect(group.leaders == [1])
        #expect(group[1].status.term == Term(1))
    }

    @Test func `the lease ends an election timeout after the leader was last heard`() throws {
        var replica = try Replica.alone(term: 1)
        replica.receive(.beat(), from: 2, term: 1)
        replica.forgetLease()
        let ask = RaftMessage.Body.ask(last: position(9, 1), isPreVote: true)
        #expect(replica.receive(ask, from: 3, term: 2).bodies == [.preVote(granted: true)])
        #expect(replica.status.term == Term(1), "granting a pre-vote changes nothing")
        #expect(replica.disk.hardState.vote == nil)
    }

    @Test func `pre-votes can be granted to several candidates`() throws {
        var replica = try Replica.alone()
        for peer in [2, 3] as [UInt64] {
            let reply = replica.receive(.ask(isPreVote: true), from: peer, term: 1)
            #expect(reply.bodies == [.preVote(granted: true)])
        }
    }

    @Test func `a pre-vote for a term that has begun already is refused`() throws {
        var replica = try Replica.alone(term: 3)
        let reply = replica.receive(.ask(last: position(9, 2), isPreVote: true), from: 2, term: 3)
        #expect(reply.bodies == [.preVote(granted: false)])
        #expect(reply.first?.term == Term(3))
    }

    @Test func `a granted pre-vote does not count as a vote`() throws {
        var replica = try Replica.alone()
        replica.campaign()
        replica.receive(.preVote(granted: true), from: 2, term: 1)
        replica.receive(.preVote(granted: true), from: 3, term: 2)
        #expect(replica.status.role == .candidate)
        #expect(replica.status.term == Term(1))
    }

    @Test func `a refused pre-vote brings the newer term with it`() throws {
        var replica = try Replica.alone(term: 1)
        _ = replica.timeOut()
        replica.receive(.preVote(granted: false), from: 2, term: 6)
        #expect(replica.status.role == .follower)
        #expect(replica.status.term == Term(6))
    }

    @Test func `a leader that is cut off steps down, and acknowledges nothing meanwhile`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        try group.propose("before", at: 1)
        group.isolate(1)
        try group.propose("meanwhile", at: 1)
        let commit = group[1].status.commit
        group.tick(1, 10)
        group.tick(1, 10)
        #expect(group[1].status.role == .follower)
        #expect(group[1].status.leader == nil)
        #expect(group[1].status.commit == commit)
        #expect(throws: RaftRefusal.notLeader(leader: nil)) { try group[1].propose("after") }
    }

    @Test func `a leader of five that hears two others stays`() throws {
        var group = try Group(of: 5)
        group.elect(1)
        group.isolate(4, 5)
        group.tickAll(60)
        #expect(group.leaders == [1])
        #expect(group[1].status.term == Term(1))
    }

    @Test func `the majority elects a new leader, and the old one follows when it returns`() throws
    {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(1)
        try group.propose("cut off", at: 1)
        group.tickAll(60)
        let new = try #require(group.leaders.first)
        #expect(group.leaders == [new] && new != 1)
        try group.propose("majority", at: new)
        group.heal()
        group.tickAll(30)
        #expect(group.leaders == [new])
        #expect(group[1].disk.entries == group[new].disk.entries)
        #expect(group[1].applied.last?.payload == .command(Array("majority".utf8)))
    }

    @Test func `a node with a newer term brings an older leader to follow, so nobody is stuck`()
        throws
    {
        var group = try Group(of: 3)
        group.elect(1)
        var disk = group[3].disk
        disk.hardState = HardState(term: Term(5), vote: NodeID(3))
        group[3] = try Replica(group[3].configuration, disk: disk)
        group.tickAll(80)
        let leader = try #require(group.leaders.first)
        #expect(group[leader].status.term > Term(5))
        #expect(group.ids.allSatisfy { group[$0].status.leader == NodeID(leader) })
    }

    @Test func `a leader that was paused for long steps down at its first ticks`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.tickAll(5)
        group.isolate(1)
        group.tick(1, 1000)
        group.tick(1, 1000)
        #expect(group[1].status.role == .follower || group[1].status.role == .preCandidate)
    }
}
