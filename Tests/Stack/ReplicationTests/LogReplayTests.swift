// The records of many groups in one journal, read back: each group has its own, whatever the others
// wrote in between.

import Raft
import Testing
import Wire

@testable import Replication

struct LogReplayTests {
    private let voters = Membership(voters: [NodeID(1), NodeID(2), NodeID(3)])

    private func founded(_ charter: [UInt8] = []) -> LogRecord {
        .founded(Founding(founders: voters, charter: charter))
    }

    private func entry(_ index: UInt64, _ term: UInt64 = 1) -> LogEntry {
        LogEntry(index: LogIndex(index), term: Term(term), payload: .command([UInt8(index)]))
    }

    private func descriptor(_ index: UInt64, _ term: UInt64 = 1) -> SnapshotDescriptor {
        SnapshotDescriptor(
            position: LogPosition(index: LogIndex(index), term: Term(term)), membership: voters)
    }

    private func replay(
        _ records: [(UInt64, LogRecord)]
    ) throws -> (groups: [GroupID: RecoveredGroup], live: LiveRecords) {
        var replay = LogReplay()
        for (place, (group, record)) in records.enumerated() {
            replay.take(
                record, of: GroupID(group),
                at: LiveRecords.Place(record: UInt64(place + 1), byteCount: 10))
        }
        return try replay.finish()
    }

    @Test func `each group gets its own records back`() throws {
        let vote = HardState(term: Term(2), vote: NodeID(3))
        let (groups, _) = try replay([
            (1, founded([9])), (2, founded()), (1, .entry(entry(1))), (2, .entry(entry(1))),
            (1, .hardState(vote)), (2, .entry(entry(2))),
        ])
        #expect(groups[GroupID(1)]?.founding.charter == [9])
        #expect(groups[GroupID(1)]?.hardState == vote)
        #expect(groups[GroupID(1)]?.entries == [entry(1)])
        #expect(groups[GroupID(2)]?.hardState == .initial)
        #expect(groups[GroupID(2)]?.entries == [entry(1), entry(2)])
    }

    @Test func `a cut takes the entries behind it, and those that follow it stay`() throws {
        let (groups, live) = try replay([
            (1, founded()), (1, .entry(entry(1))), (1, .entry(entry(2))), (1, .entry(entry(3))),
            (1, .cut(LogIndex(2))), (1, .entry(entry(2, 5))),
        ])
        #expect(groups[GroupID(1)]?.entries == [entry(1), entry(2, 5)])
        #expect(live.items(before: 100).map(\.place.record) == [1, 2, 6])
    }

    @Test func `a base hides what it stands for, a reset hides everything`() throws {
        let (groups, live) = try replay([
            (1, founded()), (1, .entry(entry(1))), (1, .entry(entry(2))), (1, .entry(entry(3))),
            (1, .base(descriptor(2))), (2, founded()), (2, .entry(entry(1))),
            (2, .entry(entry(2))), (2, .reset(descriptor(9, 4))), (2, .entry(entry(10, 4))),
        ])
        #expect(groups[GroupID(1)]?.base == descriptor(2))
        #expect(groups[GroupID(1)]?.entries == [entry(3)])
        #expect(groups[GroupID(2)]?.base == descriptor(9, 4))
        #expect(groups[GroupID(2)]?.entries == [entry(10, 4)])
        #expect(live.items(before: 100).map(\.place.record) == [1, 4, 5, 6, 9, 10])
    }

    @Test func `an entry that was kept may stand behind later ones`() throws {
        let (groups, _) = try replay([
            (1, .entry(entry(4))), (1, .kept(entry(3))), (1, .base(descriptor(2))),
            (1, founded()), (1, .entry(entry(5))),
        ])
        #expect(groups[GroupID(1)]?.entries == [entry(3), entry(4), entry(5)])
    }

    @Test func `a kept entry that was cut afterwards is gone`() throws {
        let (groups, _) = try replay([
            (1, founded()), (1, .entry(entry(1))), (1, .entry(entry(2))), (1, .kept(entry(1))),
            (1, .kept(entry(2))), (1, .cut(LogIndex(1))), (1, .entry(entry(1, 2))),
        ])
        #expect(groups[GroupID(1)]?.entries == [entry(1, 2)])
    }

    @Test func `a removed group is gone, and may be founded anew`() throws {
        let (groups, _) = try replay([
            (1, founded([1])), (1, .entry(entry(1))), (1, .removed), (2, founded()),
            (2, .removed), (2, founded([2])),
        ])
        #expect(groups[GroupID(1)] == nil)
        #expect(
            groups[GroupID(2)] == RecoveredGroup(founding: Founding(founders: voters, charter: [2]))
        )
    }

    @Test func `a hole, and a group without a beginning, are refused`() {
        #expect(throws: ReplicationError.self) {
            try replay([(1, founded()), (1, .entry(entry(1))), (1, .entry(entry(3)))])
        }
        #expect(throws: ReplicationError.self) {
            try replay([(1, founded()), (1, .base(descriptor(3))), (1, .entry(entry(5)))])
        }
        #expect(throws: ReplicationError.self) { try replay([(1, .entry(entry(1)))]) }
    }

    @Test func `every record is read back as it was written`() throws {
        let records: [LogRecord] = [
            founded(), founded([1, 2]),
            .founded(Founding(founders: .joining, charter: [3], admittedAt: LogIndex(9))),
            .hardState(HardState(term: Term(3), vote: nil)),
            .base(descriptor(7)), .reset(descriptor(8)), .cut(LogIndex(300)), .entry(entry(1)),
            .kept(entry(2)), .removed,
        ]
        for record in records {
            let payload = record.payload(of: GroupID(1000))
            let read = try #require(
                LogRecord.parse(kind: record.kind.rawValue, payload: payload))
            #expect(read.group == GroupID(1000))
            #expect(read.record == record)
            if record.kind != .founded, record != .removed {
                #expect(
                    LogRecord.parse(kind: record.kind.rawValue, payload: payload.dropLast()) == nil)
            }
        }
        #expect(LogRecord.parse(kind: 99, payload: [1]) == nil)
        #expect(LogRecord.parse(kind: 1, payload: [] as [UInt8]) == nil)
    }
}

extension LogRecord {
    fileprivate static func parse(
        kind: UInt8, payload: ArraySlice<UInt8>
    ) -> (group: GroupID, record: LogRecord)? {
        parse(kind: kind, payload: Array(payload))
    }
}
