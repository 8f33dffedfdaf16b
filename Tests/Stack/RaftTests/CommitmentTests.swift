// Entries of earlier terms (Raft paper, 5.4.2), and what the planted bug breaks.

import Testing

@testable import Raft

struct CommitmentTests {
    @Test func `an entry of an earlier term is not committed by counting`() throws {
        var replica = try Replica.alone(term: 2, logTerms: [1, 2])
        replica.win()
        replica.receive(.matched(2), from: 2, term: 3)
        replica.receive(.matched(2), from: 3, term: 3)
        #expect(replica.status.commit == .zero)
        #expect(replica.applied.isEmpty)
    }

    /// Figure 8, (a) to (d): an entry of term 2 is on a majority, and yet must not be committed.
    @Test func `figure 8: a majority of an old term's entry can still be overwritten`() throws {
        var group = try Group(of: 5)
        try figure8(&group)
        #expect(group[1].status.role == .leader)
        #expect([1, 2, 3].allSatisfy { group[$0].disk.entries.terms == [1, 2] })
        #expect(group.ids.allSatisfy { group[$0].status.commit == LogIndex(1) })

        // (d) S1 is gone; S5 wins with the entry of term 3 and overwrites the one of term 2.
        group.isolate(1)
        group.elect(5)  // Learns of term 4.
        group.elect(5)
        #expect(group.leaders.contains(5))
        #expect([2, 3, 4, 5].allSatisfy { group[$0].disk.entries.terms.prefix(2) == [1, 3] })
        #expect(group[2].applied.terms.first == 3)
    }

    /// Figure 8, (e): an entry of the leader's own term on a majority keeps S5 from winning.
    @Test func `figure 8: an entry of the leader's own term carries the old one with it`() throws {
        var group = try Group(of: 5)
        try figure8(&group)
        group[1].step(.tick(count: 1))
        group.isolate(4, 5)
        group.settle()
        group.tickAll(2)
        #expect(group[1].status.commit == LogIndex(3))
        #expect([1, 2, 3].allSatisfy { group[$0].disk.entries.terms == [1, 2, 4] })
        group.isolate(1)
        for _ in 1...3 { group.elect(5) }
        #expect(group[5].status.role != .leader)
    }

    /// Brings about (c): S1 leads term 4 and has spread its entry of term 2, but none of term 4.
    private func figure8(_ group: inout Group) throws {
        let logs: [[UInt64]] = [[1, 2], [1, 2], [1], [1], [1, 3]]
        for (place, log) in logs.enumerated() {
            let id = UInt64(place + 1)
            var disk = Disk()
            disk.hardState = HardState(term: Term(3), vote: nil)
            disk.entries = entries(of: log)
            disk.applied = LogIndex(1)
            group[id] = try Replica(.node(id, of: 5), disk: disk)
        }
        group[1].campaign()
        for voter in [2, 3] as [UInt64] {
            group[1].step(
                .message(group[1].message(.vote(granted: true), from: voter, term: 4)))
        }
        _ = group[1].collect()  // The no-op of term 4 leaves, and is lost.
        group[3].receive(.append(after: position(1, 1), [2], commit: 1), from: 1, term: 4)
        for voter in [2, 3] as [UInt64] {
            group[1].step(.message(group[1].message(.matched(2), from: voter, term: 4)))
        }
        try group[1].requireUnwrittenNoOp()
    }

    @Test func `with the planted bug a leader commits what it alone has`() throws {
        for rule in [CommitRule.majority, .leaderOnly] {
            var group = try Group(of: 3) { $0.commitRule = rule }
            group.elect(1)
            group.isolate(1)
            try group.propose("a", at: 1)
            #expect(group[1].status.commit == LogIndex(rule == .leaderOnly ? 2 : 1))
        }
    }

    @Test func `the planted bug loses an acknowledged entry, and nobody traps`() throws {
        var group = try Group(of: 3) { $0.commitRule = .leaderOnly }
        group.elect(1)
        group.isolate(1)
        try group.propose("lost", at: 1)
        #expect(group[1].applied.last?.payload == .command(Array("lost".utf8)))
        group.elect(2)
        try group.propose("kept", at: 2)
        group.heal()
        group.tickAll(5)
        #expect(group.leaders == [2])
        #expect(group[1].disk.entries == group[2].disk.entries)
        #expect(!group[1].disk.entries.contains { $0.payload == .command(Array("lost".utf8)) })
        try group.crash(1)
        #expect(group[1].status.role == .follower)
    }
}

extension Replica {
    fileprivate func requireUnwrittenNoOp() throws {
        try #require(isLeader)
        try #require(disk.entries.terms == [1, 2])
        try #require(unpersisted.last?.entries.map(\.payload) == [.noOp])
    }
}
