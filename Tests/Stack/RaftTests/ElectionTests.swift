// Leader election, one test a sentence of the Raft paper (section 5.1, 5.2, 5.4.1 and figure 2).

import Testing

@testable import Raft

struct ElectionTests {
    @Test(arguments: [0, 7] as [UInt64])
    func `a server starts as a follower, in the term that its disk has`(term: UInt64) throws {
        let replica = try Replica.alone(term: term)
        #expect(replica.status.role == .follower)
        #expect(replica.status.term == Term(term))
        #expect(replica.status.leader == nil)
    }

    @Test func `a server stays a follower as long as it hears a leader`() throws {
        var replica = try Replica.alone()
        for _ in 0..<100 {
            replica.receive(.beat(), from: 2, term: 1)
            replica.tick(replica.configuration.electionTicks - 1)
            #expect(replica.status.role == .follower)
        }
        #expect(replica.status.leader == NodeID(2))
    }

    @Test func `a follower that hears nothing over its timeout asks for pre-votes`() throws {
        var replica = try Replica.alone(term: 4)
        #expect(replica.tick(replica.configuration.electionTicks - 1).isEmpty)
        let asked = replica.tick(replica.configuration.electionTicks)
        #expect(replica.status.role == .preCandidate)
        #expect(replica.status.term == Term(4), "a pre-vote changes no term")
        #expect(asked.map(\.to) == [NodeID(2), NodeID(3)])
        #expect(asked.allSatisfy { $0.term == Term(5) && $0.body == .ask(isPreVote: true) })
    }

    @Test func `a candidate raises its term, votes for itself and asks all others`() throws {
        var replica = try Replica.alone(term: 4, logTerms: [1, 4])
        let asked = replica.campaign()
        #expect(replica.status.role == .candidate)
        #expect(replica.disk.hardState == HardState(term: Term(5), vote: NodeID(1)))
        #expect(asked.map(\.to) == [NodeID(2), NodeID(3)])
        #expect(asked.allSatisfy { $0.term == Term(5) && $0.body == .ask(last: position(2, 4)) })
    }

    @Test(
        arguments: [
            (1, [], true),
            (2, [], false),
            (2, [2], true),
            (3, [], false),
            (3, [2], true),
            (5, [2], false),
            (5, [2, 2], false),
            (5, [2, 3], true),
            (5, [4, 5], true),
        ] as [(UInt64, [UInt64], Bool)])
    func `a candidate wins with the votes of a majority`(
        size: UInt64, voters: [UInt64], wins: Bool
    ) throws {
        var replica = try Replica.alone(of: size)
        replica.campaign()
        for voter in voters { replica.receive(.vote(granted: true), from: voter, term: 1) }
        #expect(replica.isLeader == wins)
    }

    @Test func `a refused vote does not count`() throws {
        var replica = try Replica.alone()
        replica.campaign()
        replica.receive(.vote(granted: false), from: 2, term: 1)
        replica.receive(.vote(granted: false), from: 3, term: 1)
        #expect(replica.status.role == .candidate)
    }

    @Test func `a vote of an earlier term does not count`() throws {
        var replica = try Replica.alone(term: 1)
        replica.campaign()
        replica.receive(.vote(granted: true), from: 2, term: 1)
        #expect(replica.status.role == .candidate)
    }

    @Test func `a candidate without a majority times out and tries again in a new term`() throws {
        var replica = try Replica.alone()
        replica.campaign()
        #expect(replica.status.term == Term(1))
        replica.campaign()
        #expect(replica.status.role == .candidate)
        #expect(replica.status.term == Term(2))
    }

    @Test func `a server votes for one candidate a term, first come first served`() throws {
        var replica = try Replica.alone()
        #expect(replica.receive(.ask(), from: 2, term: 1).bodies == [.vote(granted: true)])
        #expect(replica.receive(.ask(), from: 3, term: 1).bodies == [.vote(granted: false)])
        #expect(replica.receive(.ask(), from: 2, term: 1).bodies == [.vote(granted: true)])
        replica.forgetLease()
        #expect(replica.receive(.ask(), from: 3, term: 2).bodies == [.vote(granted: true)])
    }

    @Test func `a vote is on disk before it is given, and holds after a crash`() throws {
        var replica = try Replica.alone()
        replica.step(.message(replica.message(.ask(), from: 2, term: 1)))
        #expect(replica.collect().isEmpty, "nothing leaves before the write")
        #expect(replica.disk.hardState == .initial)
        #expect(replica.persistOne().bodies == [.vote(granted: true)])
        #expect(replica.disk.hardState == HardState(term: Term(1), vote: NodeID(2)))
        try replica.crash()
        #expect(replica.receive(.ask(), from: 3, term: 1).bodies == [.vote(granted: false)])
    }

    @Test func `a candidate's own vote counts only once it is on disk`() throws {
        var replica = try Replica.alone(of: 1)
        replica.step(.tick(count: 20))
        _ = replica.collect()
        #expect(replica.status.role == .candidate)
        _ = replica.persistOne()
        #expect(replica.isLeader)
    }

    @Test func `an earlier write does not stand in for the candidate's own vote`() throws {
        var replica = try Replica.alone(of: 1)
        replica.step(.message(replica.message(.newerTerm, from: 2, term: 5)))
        _ = replica.collect()
        replica.step(.tick(count: 20))
        _ = replica.collect()
        _ = replica.persistOne()
        #expect(replica.status.role == .candidate)
        _ = replica.persistOne()
        #expect(replica.isLeader)
    }

    @Test func `giving a vote puts off one's own election`() throws {
        var replica = try Replica.alone()
        replica.tick(9)
        replica.receive(.ask(), from: 2, term: 1)
        replica.tick(9)
        #expect(replica.status.role == .follower)
    }

    @Test(arguments: [RaftMessage.Body.beat(), .append(after: .zero)])
    func `a candidate that hears the leader of its term follows it`(
        body: RaftMessage.Body
    ) throws {
        var replica = try Replica.alone()
        replica.campaign()
        replica.receive(body, from: 3, term: 1)
        #expect(replica.status.role == .follower)
        #expect(replica.status.leader == NodeID(3))
        #expect(replica.disk.hardState.vote == NodeID(1), "the vote of the term stays")
    }

    @Test func `a candidate refuses a leader of an earlier term`() throws {
        var replica = try Replica.alone(term: 1)
        replica.campaign()
        let answer = replica.receive(.append(after: .zero, [1]), from: 3, term: 1)
        #expect(replica.status.role == .candidate)
        #expect(answer.bodies == [.newerTerm])
        #expect(answer.first?.term == Term(2))
        #expect(replica.disk.entries.isEmpty)
    }

    @Test(
        arguments: [
            .beat(), .append(after: .zero), .matched(0), .newerTerm, .vote(granted: false),
            .heartbeatReply(round: 0), .ask(),
        ] as [RaftMessage.Body])
    func `a higher term turns everyone into a follower of that term`(
        body: RaftMessage.Body
    ) throws {
        for prepare in [{ _ = $0.tick() }, { $0.campaign() }, { $0.win() }]
            as [(inout Replica) -> Void]
        {
            var replica = try Replica.alone()
            prepare(&replica)
            if replica.isLeader { replica.forgetLease() }
            replica.receive(body, from: 2, term: 9)
            #expect(replica.status.role == .follower)
            #expect(replica.disk.hardState.term == Term(9))
        }
    }

    @Test func `a request of an earlier term is refused with the present one`() throws {
        var replica = try Replica.alone(term: 5)
        let vote = replica.receive(.ask(last: position(9, 4)), from: 2, term: 4)
        #expect(vote.bodies == [.vote(granted: false)])
        let append = replica.receive(.append(after: .zero, [4]), from: 2, term: 4)
        #expect(append.bodies == [.newerTerm])
        #expect((vote + append).allSatisfy { $0.term == Term(5) })
        #expect(replica.status.last == .zero)
    }

    @Test func `answers of an earlier term are dropped`() throws {
        var replica = try Replica.alone(of: 3, term: 1)
        replica.win()
        let before = replica.status
        #expect(replica.receive(.matched(1), from: 2, term: 1).isEmpty)
        #expect(replica.status == before)
    }

    @Test func `a new leader makes itself heard by all others at once`() throws {
        var replica = try Replica.alone()
        let first = replica.win()
        #expect(first.appends.count == 2)
        #expect(Set(first.map(\.to)) == [NodeID(2), NodeID(3)])
    }

    @Test func `a leader repeats heartbeats while idle`() throws {
        var replica = try Replica.alone()
        replica.win()
        #expect(replica.tick().bodies == [.beat(round: 1), .beat(round: 1)])
        #expect(replica.tick().map(\.to) == [NodeID(2), NodeID(3)])
    }

    @Test(
        arguments: [
            (position(2, 2), [1, 2], true),  // the same log
            (position(3, 2), [1, 2], true),  // longer in the same term
            (position(1, 2), [1, 2], false),  // shorter in the same term
            (position(1, 3), [1, 2, 2], true),  // a later last term wins over length
            (position(9, 1), [1, 2], false),  // length does not win over an earlier last term
            (position(0, 0), [], true),  // two empty logs
        ] as [(LogPosition, [UInt64], Bool)])
    func `a vote goes only to a log at least as up to date as the voter's`(
        candidate: LogPosition, own: [UInt64], granted: Bool
    ) throws {
        for isPreVote in [true, false] {
            var replica = try Replica.alone(term: 3, logTerms: own)
            let reply = replica.receive(
                .ask(last: candidate, isPreVote: isPreVote), from: 2, term: 4)
            #expect(
                reply.bodies
                    == [.voteReply(VoteReply(isPreVote: isPreVote, isGranted: granted))])
        }
    }

    @Test func `election timeouts are drawn anew, from one to two times the minimum`() {
        var clock = ElectionClock(minimum: 10, seed: 3)
        var draws: [Int] = []
        for _ in 0..<500 {
            clock.restart()
            draws.append(clock.timeout)
        }
        #expect(Set(draws) == Set(10..<20))
        var same = ElectionClock(minimum: 10, seed: 3)
        let again = (0..<500).map { _ in
            same.restart()
            return same.timeout
        }
        #expect(again == draws, "the same seed gives the same timeouts")
    }

    @Test func `a node that is told to campaign does not wait, and spares a living leader`() throws
    {
        var group = try Group(of: 3)
        group[1].step(.campaign)
        group.settle()
        #expect(group.leaders == [1])
        group[2].step(.campaign)
        group.settle()
        #expect(group.leaders == [1])
        group.tick(1)
        #expect(group[2].status.leader == NodeID(1))
        #expect(group[2].status.term == Term(1))
    }

    @Test func `split votes end, because timeouts differ`() throws {
        var group = try Group(of: 4)
        group.tickAll(200)
        #expect(group.leaders.count == 1)
    }
}
