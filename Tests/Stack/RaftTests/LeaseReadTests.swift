// Reads under a lease, and the followers' promise behind it (dissertation 6.4.1).

import Testing

@testable import Raft

struct LeaseReadTests {
    private static let rule = ReadRule.lease(driftPercentMax: 25)

    private func configuration(_ id: UInt64 = 1, _ rule: ReadRule = rule) -> RaftConfiguration {
        var configuration = RaftConfiguration.node(id, of: 3)
        configuration.readRule = rule
        return configuration
    }

    /// A leader whose first round was answered just now.
    private func leader() throws -> Replica {
        var replica = try Replica(configuration())
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        replica.tick()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        return replica
    }

    private func follower(
        _ rule: ReadRule = rule, term: UInt64 = 0
    ) throws -> Replica {
        var disk = Disk()
        disk.hardState = HardState(term: Term(term), vote: nil)
        return try Replica(configuration(1, rule), disk: disk)
    }

    // MARK: The leader

    @Test func `a read under the lease costs no message`() throws {
        var replica = try leader()
        try replica.read(7)
        #expect(replica.settle().isEmpty)
        #expect(replica.reads == [ReadState(id: ReadID(7), index: LogIndex(1))])
    }

    @Test func `the lease leaves room for drift and for broken ticks`() {
        var configuration = configuration()
        #expect(configuration.leaseTicks == 5, "(10 - 2) * 100 / 125 - 1")
        configuration.electionTicks = 30
        configuration.readRule = .lease(driftPercentMax: 0)
        #expect(configuration.leaseTicks == 27)
        configuration.readRule = .quorumRound
        #expect(configuration.leaseTicks == nil)
    }

    @Test func `when the lease has run out, a read takes a round`() throws {
        var replica = try leader()
        for _ in 0..<4 { replica.tick() }
        try replica.read(1)
        _ = replica.settle()
        #expect(replica.reads.map(\.id) == [ReadID(1)])
        replica.tick()
        try replica.read(2)
        #expect(replica.settle().to(2) == [.beat(commit: 1, round: 7)])
        #expect(replica.reads.map(\.id) == [ReadID(1)])
        replica.receive(.heartbeatReply(round: 7), from: 3, term: 1)
        #expect(replica.reads.map(\.id) == [ReadID(1), ReadID(2)])
        try replica.read(3)
        #expect(replica.settle().isEmpty, "and that round renews the lease")
    }

    @Test func `the lease counts from when the round began, not from its answers`() throws {
        var replica = try Replica(configuration())
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        replica.tick()
        for _ in 0..<5 { replica.tick() }
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        #expect(replica.node.leaseTicksLeft == 0)
        replica.receive(.heartbeatReply(round: 4), from: 2, term: 1)
        #expect(replica.node.leaseTicksLeft == 3)
    }

    @Test func `without a lease rule every read takes a round`() throws {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        replica.tick()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        try replica.read(7)
        #expect(replica.settle().count == 2)
        #expect(replica.reads.isEmpty)
    }

    @Test func `no lease before the term's first commit`() throws {
        var replica = try Replica(configuration())
        replica.win()
        replica.tick()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        try replica.read(7)
        _ = replica.settle()
        #expect(replica.reads.isEmpty)
    }

    @Test func `no lease while leadership is handed over, nor ever after the successor was told`()
        throws
    {
        var replica = try leader()
        try replica.propose("a")
        _ = replica.settle()
        try replica.node.transferLeadership(to: NodeID(2))
        #expect(replica.node.leaseTicksLeft == 0)
        for _ in 0..<10 {
            replica.tick()
            replica.receive(.heartbeatReply(round: replica.round), from: 3, term: 1)
        }
        #expect(replica.isLeader && replica.node.leaseTicksLeft > 0, "given up, and not told")
        try replica.node.transferLeadership(to: NodeID(2))
        #expect(replica.receive(.matched(2), from: 2, term: 1).bodies.contains(.timeoutNow))
        for _ in 0..<10 {
            replica.tick()
            replica.receive(.heartbeatReply(round: replica.round), from: 3, term: 1)
        }
        #expect(replica.isLeader && replica.node.leaseTicksLeft == 0)
        try replica.read(7)
        _ = replica.settle()
        #expect(replica.reads.isEmpty, "the message may still be under way")
    }

    @Test func `a joint configuration needs answers of both sides`() throws {
        let joint = Membership(voters: ids(1, 4, 5), outgoing: ids(1, 2, 3))
        var configuration = configuration()
        configuration.membership = joint
        var replica = try Replica(configuration)
        _ = replica.timeOut()
        for reply in [RaftMessage.Body.preVote(granted: true), .vote(granted: true)] {
            for peer in [2, 4] as [UInt64] { replica.receive(reply, from: peer, term: 1) }
        }
        #expect(replica.isLeader)
        replica.tick()
        replica.receive(.heartbeatReply(round: 1), from: 2, term: 1)
        replica.receive(.heartbeatReply(round: 1), from: 3, term: 1)
        #expect(replica.node.leaseTicksLeft == 0)
        replica.receive(.heartbeatReply(round: 1), from: 5, term: 1)
        #expect(replica.node.leaseTicksLeft > 0)
    }

    // MARK: The promise

    @Test(arguments: [(rule, false), (.quorumRound, true)])
    func `a newer term in a reply does not end the promise`(rule: ReadRule, isGranted: Bool) throws
    {
        var replica = try follower(rule)
        replica.receive(.beat(round: 1), from: 2, term: 1)
        replica.receive(.newerTerm, from: 3, term: 9)
        #expect(replica.status.term == Term(9) && replica.status.leader == nil)
        for term in [9, 10] as [UInt64] {
            let reply = replica.receive(.ask(last: position(9, 8)), from: 3, term: term)
            #expect(reply.bodies.contains(.vote(granted: true)) == isGranted)
        }
        for _ in 0..<10 { replica.tick() }
        let late = replica.receive(.ask(last: position(9, 8)), from: 3, term: 20)
        #expect(late.bodies == [.vote(granted: true)])
    }

    @Test(arguments: [(rule, false), (.quorumRound, true)])
    func `a restart does not end the promise`(rule: ReadRule, isGranted: Bool) throws {
        var replica = try follower(rule, term: 1)
        let reply = replica.receive(.ask(last: position(9, 1)), from: 3, term: 2)
        #expect(reply.bodies.contains(.vote(granted: true)) == isGranted)
        for _ in 0..<9 { replica.tick() }
        #expect(replica.receive(.ask(isPreVote: true), from: 3, term: 5).isEmpty == !isGranted)
        replica.tick()
        let late = replica.receive(.ask(last: position(9, 1)), from: 3, term: 6)
        #expect(late.bodies == [.vote(granted: true)])
    }

    @Test func `a node that is new has promised nothing`() throws {
        var replica = try follower()
        let reply = replica.receive(.ask(), from: 3, term: 1)
        #expect(reply.bodies == [.vote(granted: true)])
    }

    @Test func `ticks that a pause piled up do not end the promise`() throws {
        var replica = try follower()
        replica.receive(.beat(round: 1), from: 2, term: 1)
        #expect(replica.tick(1000).isEmpty, "nor does it vote for itself")
        #expect(replica.receive(.ask(last: position(9, 9)), from: 3, term: 9).isEmpty)
        for _ in 0..<8 { replica.tick() }
        #expect(replica.status.role == .follower)
        #expect(!replica.tick().isEmpty)
        #expect(replica.status.role == .preCandidate)
    }

    @Test func `the driver cannot make a node break its promise`() throws {
        var replica = try follower()
        replica.receive(.beat(round: 1), from: 2, term: 1)
        replica.step(.campaign)
        #expect(replica.settle().isEmpty)
    }

    @Test func `the leader can lift it by handing over`() throws {
        var replica = try follower()
        replica.receive(.beat(round: 1), from: 2, term: 1)
        let reply = replica.receive(.ask(isTransfer: true), from: 3, term: 2)
        #expect(reply.bodies == [.vote(granted: true)])
    }

    /// Cuts the leader off and lets another campaign as often as it may; tells whether both led at
    /// a time when the first relied on its lease. Periods and phase are in a finer unit of time.
    private func findsTwoLeaders(
        _ rule: ReadRule, leaderPeriod: Int, otherPeriod: Int, phase: Int
    ) throws -> Bool {
        var group = try Group(of: 3) { $0.readRule = rule }
        group.elect(1)
        group.tickAll(3)
        for moment in 0..<600 {
            if moment == 20 { group.isolate(1) }
            if moment % leaderPeriod == phase { group.tick(1) }
            guard moment % otherPeriod == 0 else { continue }
            group.tick(2)
            group.tick(3)
            group[2].step(.campaign)
            group.settle()
            if group[2].isLeader, group[1].node.leaseTicksLeft > 0 { return true }
        }
        #expect(group[2].isLeader, "the election has to come about")
        return false
    }

    @Test(arguments: 0..<5)
    func `no other leader within the lease, with clocks as far apart as allowed`(phase: Int) throws
    {
        #expect(
            try !findsTwoLeaders(Self.rule, leaderPeriod: 5, otherPeriod: 4, phase: phase))
    }

    @Test func `clocks further apart break the lease`() throws {
        let rule = ReadRule.lease(driftPercentMax: 0)
        #expect(try findsTwoLeaders(rule, leaderPeriod: 12, otherPeriod: 4, phase: 0))
    }
}

extension Replica {
    /// The newest round of heartbeats that this leader has sent.
    fileprivate var round: UInt64 { node.leadership?.reads.rounds.newest ?? 0 }
}
