// Starting from a disk, and the ledger of writes under way.

import Testing

@testable import Raft

struct RestoreTests {
    private func start(
        term: UInt64 = 3, snapshot: LogPosition? = nil, log: [LogEntry] = [], applied: UInt64 = 0
    ) throws(RaftRestoreError) -> RaftNode {
        let descriptor = snapshot.map { SnapshotDescriptor(position: $0, membership: group(of: 3)) }
        return try RaftNode(
            configuration: .node(1, of: 3),
            restored: RestoredState(
                hardState: HardState(term: Term(term), vote: nil), snapshot: descriptor,
                entries: log, applied: LogIndex(applied)))
    }

    @Test func `a sound disk is started from`() throws {
        let node = try start(
            snapshot: position(2, 1), log: entries(of: [1, 3], from: 3), applied: 3)
        #expect(node.status.last == position(4, 3))
        #expect(node.status.commit == LogIndex(3))
        #expect(node.status.stable == LogIndex(4))
        #expect(node.status.compacted == LogIndex(2))
    }

    @Test func `applied entries are not handed out again, the ones after them are`() throws {
        var node = try start(log: entries(of: [1, 1, 1]), applied: 2)
        let append = RaftMessage.Body.append(after: position(3, 1), commit: 3)
        node.step(
            .message(RaftMessage(from: NodeID(2), to: NodeID(1), term: Term(3), body: append)))
        #expect(node.takeReady()?.committed == [entry(3, 1)])
    }

    @Test func `a disk that no correct run leaves is refused`() {
        #expect(throws: RaftRestoreError.gap(expected: LogIndex(2), found: LogIndex(3))) {
            try start(log: [entry(1, 1), entry(3, 1)])
        }
        #expect(throws: RaftRestoreError.gap(expected: LogIndex(6), found: LogIndex(9))) {
            try start(snapshot: position(5, 1), log: [entry(9, 1)], applied: 5)
        }
        #expect(throws: RaftRestoreError.termsDescend(at: LogIndex(2))) {
            try start(log: entries(of: [2, 1]))
        }
        #expect(throws: RaftRestoreError.termBehindLog(term: Term(1), last: position(1, 2))) {
            try start(term: 1, log: entries(of: [2]))
        }
        let beyond = RaftRestoreError.appliedOutsideLog(
            applied: LogIndex(2), first: LogIndex(1), last: LogIndex(1))
        #expect(throws: beyond) { try start(log: entries(of: [1]), applied: 2) }
        let behind = RaftRestoreError.appliedOutsideLog(
            applied: LogIndex(2), first: LogIndex(4), last: LogIndex(3))
        #expect(throws: behind) { try start(snapshot: position(3, 1), applied: 2) }
    }

    @Test(
        arguments: [
            ([1, 1, 2, 2], position(3, 2), 4),  // the journal has the snapshot's last entry
            ([1, 1, 1, 1], position(3, 2), nil),  // another entry stands there
            ([1, 1], position(3, 2), nil),  // it ends before
            ([1, 1, 2], position(3, 2), nil),  // it ends right there
        ] as [([UInt64], LogPosition, UInt64?)])
    func `of a journal only what goes on from the snapshot is kept`(
        journal: [UInt64], snapshot: LogPosition, first: UInt64?
    ) {
        let kept = RestoredState.entries(of: entries(of: journal), after: snapshot)
        #expect(kept.first?.index.rawValue == first)
    }

    @Test func `a journal that begins behind the snapshot is kept whole`() {
        let journal = entries(of: [2, 2], from: 4)
        #expect(RestoredState.entries(of: journal, after: position(3, 1)) == journal)
        let late = entries(of: [2, 2], from: 9)
        #expect(RestoredState.entries(of: late, after: position(3, 1)) == late, "a gap shows")
        #expect(RestoredState.entries(of: [], after: position(3, 1)).isEmpty)
    }

    @Test func `a write that was overtaken does not vouch for the entry that took its place`() {
        var ledger = PersistenceLedger(restored: .initial)
        let state = HardState(term: Term(2), vote: nil)
        ledger.openReady()
        ledger.issue(state, last: LogIndex(5))
        ledger.cut(from: LogIndex(3))
        ledger.openReady()
        ledger.issue(HardState(term: Term(3), vote: nil), last: LogIndex(5))
        #expect(ledger.acknowledge(ReadyNumber(1)) == LogIndex(2))
        #expect(ledger.durable == state)
        #expect(ledger.acknowledge(ReadyNumber(1)) == nil, "once is enough")
        #expect(ledger.acknowledge(ReadyNumber(2)) == LogIndex(5))
    }

    @Test func `one acknowledgement covers all readies before it`() throws {
        var replica = try Replica.alone()
        for count in 1...3 {
            let body = RaftMessage.Body.append(after: .zero, Array(repeating: 1, count: count))
            replica.step(.message(replica.message(body, from: 2, term: 1)))
            _ = replica.collect()
        }
        let last = try #require(replica.unpersisted.last)
        replica.step(.persisted(last.number))
        #expect(replica.status.stable == LogIndex(3))
    }

    @Test func `a node with nothing to do gives no ready`() throws {
        var node = try start()
        #expect(node.takeReady()?.change?.role == .follower, "the first says what the node is")
        #expect(node.takeReady() == nil)
        node.step(.tick(count: 1))
        #expect(node.takeReady() == nil)
    }

    @Test func `a change of role, term or leader is announced once`() throws {
        var replica = try Replica.alone()
        var changes: [RoleChange] = []
        replica.step(.tick(count: 20))
        changes += replica.takeReadies().compactMap(\.change)
        replica.step(.message(replica.message(.beat(), from: 2, term: 1)))
        replica.step(.message(replica.message(.beat(), from: 2, term: 1)))
        changes += replica.takeReadies().compactMap(\.change)
        #expect(changes.map(\.role) == [.preCandidate, .follower])
        #expect(changes.last?.leader == NodeID(2))
    }
}
