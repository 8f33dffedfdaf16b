// Log replication, one test a sentence of the Raft paper (section 5.3, 5.5 and figure 2).

import Testing

@testable import Raft

struct ReplicationTests {
    /// A leader of term 1 in a group of the given size, whose no-op everyone has.
    private func leader(of size: UInt64 = 3) throws -> Replica {
        var replica = try Replica.alone(of: size)
        replica.win()
        for peer in 2...size { replica.receive(.matched(1), from: peer, term: 1) }
        #expect(replica.status.commit == LogIndex(1))
        return replica
    }

    @Test func `a leader appends a command and sends it to all others in parallel`() throws {
        var replica = try leader()
        let receipt = try replica.propose("a")
        #expect(receipt == ProposalReceipt(term: Term(1), first: LogIndex(2), last: LogIndex(2)))
        let sent = replica.collect()
        #expect(sent.map(\.to) == [NodeID(2), NodeID(3)])
        #expect(sent.appends.allSatisfy { $0.previous == position(1, 1) && $0.entries.count == 1 })
        #expect(replica.disk.entries.count == 1, "it left before the leader's own write")
    }

    @Test func `commands proposed between two readies travel in one message`() throws {
        var replica = try leader()
        for text in ["a", "b", "c"] { try replica.propose(text) }
        #expect(replica.collect().to(2).compactMap(\.appended).map(\.entries.count) == [3])
    }

    @Test func `an entry is committed once a majority has it on disk`() throws {
        var replica = try leader(of: 5)
        try replica.propose("a")
        _ = replica.settle()
        replica.receive(.matched(2), from: 2, term: 1)
        #expect(replica.status.commit == LogIndex(1))
        replica.receive(.matched(2), from: 2, term: 1)
        #expect(replica.status.commit == LogIndex(1), "an answer twice is one vote")
        replica.receive(.matched(2), from: 3, term: 1)
        #expect(replica.status.commit == LogIndex(2))
        #expect(replica.applied.last?.payload == .command(Array("a".utf8)))
    }

    @Test func `the leader's own copy counts only once it is on disk`() throws {
        var replica = try leader()
        try replica.propose("a")
        _ = replica.collect()
        replica.step(.message(replica.message(.matched(2), from: 2, term: 1)))
        #expect(replica.status.commit == LogIndex(1))
        _ = replica.persistOne()
        #expect(replica.status.commit == LogIndex(2))
    }

    @Test func `followers alone commit, but nothing is applied before it is on disk here`() throws {
        var replica = try leader()
        try replica.propose("a")
        _ = replica.collect()
        for peer in [2, 3] as [UInt64] {
            replica.step(.message(replica.message(.matched(2), from: peer, term: 1)))
        }
        _ = replica.collect()
        #expect(replica.status.commit == LogIndex(2))
        #expect(replica.applied.last?.index == LogIndex(1))
        _ = replica.settle()
        #expect(replica.applied.last?.index == LogIndex(2))
    }

    @Test func `a follower answers only when the entries are on its disk`() throws {
        var replica = try Replica.alone()
        replica.step(.message(replica.message(.append(after: .zero, [1]), from: 2, term: 1)))
        #expect(replica.collect().isEmpty)
        // The same request again asks for no write, and still has to wait for the first one.
        replica.step(.message(replica.message(.append(after: .zero, [1]), from: 2, term: 1)))
        #expect(replica.collect().isEmpty)
        #expect(replica.unpersisted.map(\.needsPersistence) == [true, false])
        #expect(replica.persistOne().bodies == [.matched(1)])
    }

    @Test func `the commit index reaches followers with later appends and heartbeats`() throws {
        var replica = try leader()
        try replica.propose("a")
        _ = replica.settle()
        let told = replica.receive(.matched(2), from: 2, term: 1)
        #expect(told.appends.map(\.commit) == [LogIndex(2), LogIndex(2)])
        #expect(replica.tick().to(2) == [.beat(commit: 2, round: 1)])
        #expect(
            replica.tick().to(3) == [.beat(commit: 1, round: 2)], "no further than it confirmed")
    }

    @Test(
        arguments: [
            (1, 0, 1),
            (2, 2, 2),
            (9, 3, 3),  // leaderCommit beyond the last new entry
        ] as [(UInt64, Int, UInt64)])
    func `a follower's commit index ends at the last new entry`(
        leaderCommit: UInt64, count: Int, commit: UInt64
    ) throws {
        var replica = try Replica.alone(term: 1, logTerms: [1, 1, 1, 1])
        let body = RaftMessage.Body.append(
            after: position(count == 0 ? 1 : 0, count == 0 ? 1 : 0),
            Array(repeating: 1, count: count), commit: leaderCommit)
        replica.receive(body, from: 2, term: 1)
        #expect(replica.status.commit == LogIndex(commit))
        #expect(replica.applied.map(\.index) == Array(LogIndex(1)...LogIndex(commit)))
    }

    @Test func `a commit index never goes back`() throws {
        var replica = try Replica.alone()
        replica.receive(.append(after: .zero, [1, 1], commit: 2), from: 2, term: 1)
        replica.receive(.append(after: position(2, 1), commit: 1), from: 2, term: 1)
        replica.receive(.beat(commit: 0), from: 2, term: 1)
        #expect(replica.status.commit == LogIndex(2))
    }

    @Test(arguments: [
        (position(3, 1), position(2, 1)),  // no entry there: its log ends before
        (position(2, 2), position(2, 1)),  // an entry of another term
    ])
    func `a follower refuses entries that do not follow on from its log`(
        previous: LogPosition, hint: LogPosition
    ) throws {
        var replica = try Replica.alone(term: 1, logTerms: [1, 1])
        let reply = replica.receive(.append(after: previous, [2]), from: 2, term: 2)
        #expect(reply.bodies == [.appendReply(.rejected(at: previous.index, hint: hint))])
        #expect(replica.disk.entries == entries(of: [1, 1]))
    }

    @Test func `a conflicting entry goes, with all that follow it, from the disk as well`() throws {
        var replica = try Replica.alone(term: 2, logTerms: [1, 1, 2, 2])
        replica.step(
            .message(replica.message(.append(after: position(2, 1), [3]), from: 2, term: 3)))
        _ = replica.collect()
        #expect(replica.unpersisted.last?.truncateFrom == LogIndex(3))
        _ = replica.settle()
        #expect(replica.disk.entries == entries(of: [1, 1, 3]))
    }

    @Test(
        arguments: [
            (LogPosition.zero, [1, 1]),  // late: older and shorter than the log
            (LogPosition.zero, []),
            (position(1, 1), [1, 2]),
            (position(3, 2), []),
        ] as [(LogPosition, [UInt64])])
    func `a late or repeated append does not cut a log that agrees`(
        previous: LogPosition, terms: [UInt64]
    ) throws {
        var replica = try Replica.alone(term: 2, logTerms: [1, 1, 2, 2])
        let reach = previous.index.rawValue + UInt64(terms.count)
        let reply = replica.receive(.append(after: previous, terms), from: 2, term: 2)
        #expect(reply.bodies == [.matched(reach)])
        #expect(replica.disk.entries == entries(of: [1, 1, 2, 2]))
    }

    @Test func `appends that arrive out of order end in the same log`() throws {
        var replica = try Replica.alone()
        let parts: [RaftMessage.Body] = [
            .append(after: .zero, [1]), .append(after: position(1, 1), [1]),
            .append(after: position(2, 1), [1]),
        ]
        for part in [2, 0, 2, 1, 0, 2, 1] { replica.receive(parts[part], from: 2, term: 1) }
        #expect(replica.disk.entries == entries(of: [1, 1, 1]))
    }

    /// Figure 7: what followers' logs may look like when the leader of term 8 comes to power.
    @Test(
        arguments: [
            [1, 1, 1, 4, 4, 5, 5, 6, 6],  // (a) lacks an entry
            [1, 1, 1, 4],  // (b) lacks many
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],  // (c) has one too many
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],  // (d) has entries of a later term
            [1, 1, 1, 4, 4, 4, 4],  // (e) both lacks and has too many
            [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],  // (f) the same, over two terms
        ] as [[UInt64]])
    func `a leader makes any follower's log the same as its own`(follower: [UInt64]) throws {
        let own: [UInt64] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
        var group = try Group(of: 3)
        for (id, log) in [(1, own), (2, follower), (3, own)] as [(UInt64, [UInt64])] {
            var disk = Disk()
            disk.hardState = HardState(term: Term(7), vote: nil)
            disk.entries = entries(of: log)
            group[id] = try Replica(.node(id, of: 3), disk: disk)
        }
        group.elect(1)
        #expect(group.leaders == [1])
        #expect(group[2].disk.entries.terms == own + [8])
        #expect(group[2].disk.entries == group[1].disk.entries)
        #expect(Array(group[1].disk.entries.dropLast()) == entries(of: own), "append-only")
        #expect(group.ids.allSatisfy { group[$0].status.commit == LogIndex(11) })
    }

    @Test func `a refusal skips whole terms, not single entries`() throws {
        var group = try Group(of: 3)
        let long = Array(repeating: UInt64(3), count: 300)
        for id in 1...3 as ClosedRange<UInt64> {
            var disk = Disk()
            disk.hardState = HardState(term: Term(4), vote: nil)
            disk.entries = entries(of: id == 2 ? [1] + Array(repeating: 2, count: 300) : [1] + long)
            group[id] = try Replica(.node(id, of: 3), disk: disk)
        }
        group.elect(1)
        let refusals = group.delivered.filter {
            if case .appendReply(.rejected) = $0.body { true } else { false }
        }
        #expect(group[2].disk.entries == group[1].disk.entries)
        #expect(refusals.count <= 2)
    }

    @Test func `a leader repeats an append that was lost, once the follower answers again`() throws
    {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(3)
        try group.propose("a", at: 1)
        #expect(group[3].status.last.index == LogIndex(1))
        group.heal()
        group.tickAll(2)
        #expect(group[3].disk.entries == group[1].disk.entries)
        #expect(group[3].applied == group[1].applied)
    }

    @Test func `committing an entry commits what earlier leaders left before it`() throws {
        var replica = try Replica.alone(term: 2, logTerms: [1, 2])
        replica.win()
        replica.receive(.matched(3), from: 2, term: 3)
        #expect(replica.status.commit == LogIndex(3))
        #expect(replica.applied.terms == [1, 2, 3])
    }

    @Test func `a follower that claims more than the leader has is not believed`() throws {
        var replica = try leader()
        for peer in [2, 3] as [UInt64] { replica.receive(.matched(99), from: peer, term: 1) }
        #expect(replica.status.commit == LogIndex(1))
        #expect(replica.status.matches.map(\.match) == [LogIndex(1), LogIndex(1)])
    }

    @Test func `a stopped follower costs the others nothing`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        group.isolate(3)
        try group.propose("a", at: 1)
        #expect(group[1].applied.last?.payload == .command(Array("a".utf8)))
    }

    @Test func `a proposal at a follower is refused with the leader's id`() throws {
        var group = try Group(of: 3)
        #expect(throws: RaftRefusal.notLeader(leader: nil)) { try group[2].propose("a") }
        group.elect(1)
        #expect(throws: RaftRefusal.notLeader(leader: NodeID(1))) { try group[2].propose("a") }
    }
}
