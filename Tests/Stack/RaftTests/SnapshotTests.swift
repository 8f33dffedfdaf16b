// Compaction and snapshots (Raft paper, section 7 and figure 13).

import Testing

@testable import Raft

struct SnapshotTests {
    private func descriptor(_ index: UInt64, _ term: UInt64) -> SnapshotDescriptor {
        SnapshotDescriptor(position: position(index, term), membership: group(of: 3))
    }

    /// A leader whose log begins behind entry 4, since all before is compacted.
    private func compactedLeader() throws -> Replica {
        var replica = try Replica.alone()
        replica.win()
        for text in ["a", "b", "c", "d"] { try replica.propose(text) }
        _ = replica.settle()
        replica.receive(.matched(5), from: 2, term: 1)
        #expect(replica.applied.count == 5)
        replica.step(.compact(through: LogIndex(4)))
        #expect(replica.status.compacted == LogIndex(4))
        return replica
    }

    @Test func `a snapshot is named only where the log still knows the term`() throws {
        let replica = try compactedLeader()
        #expect(replica.node.snapshotDescriptor(at: LogIndex(3)) == nil)
        #expect(replica.node.snapshotDescriptor(at: LogIndex(4)) == descriptor(4, 1))
        #expect(replica.node.snapshotDescriptor(at: LogIndex(5)) == descriptor(5, 1))
        #expect(replica.node.snapshotDescriptor(at: LogIndex(6)) == nil)
    }

    @Test func `a follower that needs what is gone gets a snapshot, once it is heard`() throws {
        var replica = try compactedLeader()
        #expect(replica.settle().isEmpty)
        let sent = replica.receive(.heartbeatReply(round: 0), from: 3, term: 1)
        #expect(sent.to(3) == [.installSnapshot(descriptor(4, 1))])
        try replica.propose("more")
        #expect(replica.settle().to(3).isEmpty, "nothing else goes meanwhile")
    }

    @Test(arguments: [true, false])
    func `after a snapshot the log goes on, or the snapshot is sent again`(
        isDelivered: Bool
    ) throws {
        var replica = try compactedLeader()
        replica.receive(.heartbeatReply(round: 0), from: 3, term: 1)
        replica.step(.snapshotFinished(to: NodeID(3), isDelivered: isDelivered))
        #expect(replica.settle().to(3).isEmpty)
        let next = replica.receive(.heartbeatReply(round: 0), from: 3, term: 1).to(3)
        if isDelivered {
            #expect(next.compactMap(\.appended).map(\.previous) == [position(4, 1)])
        } else {
            #expect(next == [.installSnapshot(descriptor(4, 1))])
        }
    }

    @Test func `the follower's own answer ends a snapshot as well`() throws {
        var replica = try compactedLeader()
        replica.receive(.heartbeatReply(round: 0), from: 3, term: 1)
        let next = replica.receive(.matched(4), from: 3, term: 1).to(3)
        #expect(next.compactMap(\.appended).map(\.previous) == [position(4, 1)])
        #expect(next.compactMap(\.appended).map(\.entries.count) == [1])
    }

    @Test func `a follower replaces its log by the snapshot, and confirms when it is on disk`()
        throws
    {
        var replica = try Replica.alone(term: 1, logTerms: [1, 1])
        replica.step(
            .message(replica.message(.installSnapshot(descriptor(7, 2)), from: 2, term: 3)))
        #expect(replica.collect().isEmpty)
        #expect(replica.unpersisted.last?.snapshot == descriptor(7, 2))
        #expect(replica.persistOne().bodies == [.matched(7)])
        #expect(replica.disk.last == position(7, 2))
        replica.receive(.append(after: position(7, 2), [3], commit: 8), from: 2, term: 3)
        #expect(replica.applied == entries(of: [3], from: 8))
        try replica.crash()
        #expect(replica.status.last == position(8, 3))
        #expect(replica.status.commit == LogIndex(7))
    }

    @Test func `a log that has the snapshot's last entry keeps what follows it`() throws {
        var replica = try Replica.alone(term: 2, logTerms: [1, 1, 2, 2])
        replica.receive(.installSnapshot(descriptor(3, 2)), from: 2, term: 2)
        #expect(replica.disk.snapshot == nil, "no snapshot was needed")
        #expect(replica.disk.entries == entries(of: [1, 1, 2, 2]))
        #expect(replica.applied == entries(of: [1, 1, 2]))
    }

    @Test func `a snapshot that is behind the commit index is ignored`() throws {
        var replica = try Replica.alone()
        replica.receive(.append(after: .zero, [1, 1, 1], commit: 3), from: 2, term: 1)
        let reply = replica.receive(.installSnapshot(descriptor(2, 1)), from: 2, term: 1)
        #expect(reply.bodies == [.matched(3)])
        #expect(replica.disk.snapshot == nil)
    }

    @Test func `an append that begins in the compacted part is taken from there on`() throws {
        var disk = Disk()
        disk.hardState = HardState(term: Term(1), vote: nil)
        disk.snapshot = descriptor(3, 1)
        disk.applied = LogIndex(3)
        var replica = try Replica(.node(1, of: 3), disk: disk)
        let inside = replica.receive(.append(after: position(1, 1), [1]), from: 2, term: 1)
        #expect(inside.bodies == [.matched(3)])
        let across = replica.receive(.append(after: position(1, 1), [1, 1, 1]), from: 2, term: 1)
        #expect(across.bodies == [.matched(4)])
        #expect(replica.disk.entries == entries(of: [1], from: 4))
    }

    @Test func `the membership of a snapshot holds after a restart`() throws {
        var disk = Disk()
        disk.hardState = HardState(term: Term(1), vote: nil)
        disk.snapshot = SnapshotDescriptor(position: position(3, 1), membership: group(of: 5))
        disk.applied = LogIndex(3)
        let replica = try Replica(.node(1, of: 3), disk: disk)
        #expect(replica.node.membership == group(of: 5))
    }

    @Test func `late acknowledgements do not vouch for what a snapshot replaced`() throws {
        var replica = try Replica.alone()
        replica.step(
            .message(replica.message(.append(after: .zero, [1, 1, 1, 1, 1]), from: 2, term: 1)))
        _ = replica.collect()
        replica.step(
            .message(replica.message(.installSnapshot(descriptor(3, 2)), from: 3, term: 2)))
        replica.step(
            .message(replica.message(.append(after: position(3, 2), [2, 2]), from: 3, term: 2)))
        _ = replica.collect()
        _ = replica.persistOne()
        #expect(replica.status.stable == LogIndex(3))
        _ = replica.settle()
        #expect(replica.status.stable == LogIndex(5))
        #expect(replica.disk.entries == entries(of: [2, 2], from: 4))
    }

    @Test func `a group with a compacted leader catches up a node that missed it all`() throws {
        var cluster = try Group(of: 3)
        cluster.elect(1)
        cluster.isolate(3)
        for number in 0..<20 { try cluster.propose("\(number)", at: 1) }
        cluster[1].step(.compact(through: LogIndex(15)))
        cluster.heal()
        cluster.tickAll(3)
        #expect(cluster[3].status.last == cluster[1].status.last)
        #expect(cluster[3].disk.snapshot?.index == LogIndex(15))
        #expect(cluster[3].status.commit == cluster[1].status.commit)
    }
}
