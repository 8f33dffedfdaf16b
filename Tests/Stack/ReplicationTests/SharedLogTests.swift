// One journal for all groups of a process: one fsync for many, room given back, damage refused.

import Determinism
import Journal
import Linux
import Raft
import Reactor
import Synchronization
import Telemetry
import Testing

@testable import Replication

@ReactorActor
@Suite(.timeLimit(.minutes(2)), .serialized)
struct SharedLogTests {
    private static let nextNumber = Atomic<Int>(0)

    private func withFolder(_ body: @ReactorActor (String) async throws -> Void) async throws {
        let number = Self.nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let folder = "/tmp/shared-log-\(CurrentProcess.id)-\(number)"
        defer { try? File.removeTree(folder) }
        try await body(folder)
    }

    private var smallSegments: JournalOptions {
        var options = JournalOptions()
        options.segmentSizeMax = 8192
        options.payloadCountMax = 1024
        return options
    }

    private func open(
        _ folder: String, _ options: JournalOptions = JournalOptions()
    ) throws -> (log: SharedLog, groups: [GroupID: RecoveredGroup]) {
        try SharedLog.open(folder, options: options, log: Log("log", minimum: .error))
    }

    private func founded(_ charter: [UInt8] = []) -> LogRecord {
        .founded(Founding(founders: Membership(voters: [NodeID(1)]), charter: charter))
    }

    private func entry(_ index: UInt64, term: UInt64 = 1, bytes: Int = 50) -> LogEntry {
        LogEntry(
            index: LogIndex(index), term: Term(term),
            payload: .command([UInt8](repeating: UInt8(truncatingIfNeeded: index), count: bytes)))
    }

    private func descriptor(_ index: UInt64, term: UInt64 = 1) -> SnapshotDescriptor {
        SnapshotDescriptor(
            position: LogPosition(index: LogIndex(index), term: Term(term)),
            membership: Membership(voters: [NodeID(1)]))
    }

    @Test func `an idle group does not keep the log from shrinking, and loses nothing`()
        async throws
    {
        try await withFolder { folder async throws in
            let vote = HardState(term: Term(7), vote: NodeID(2))
            do {
                let log = try open(folder, smallSegments).log
                log.append(founded([4]), of: GroupID(1))
                log.append(.hardState(vote), of: GroupID(1))
                for index in 1...20 { log.append(.entry(entry(UInt64(index))), of: GroupID(1)) }
                log.append(founded(), of: GroupID(2))
                for index in UInt64(1)...3000 {
                    log.append(.entry(entry(index)), of: GroupID(2))
                    guard index.isMultiple(of: 50) else { continue }
                    log.append(.base(descriptor(index - 10)), of: GroupID(2))
                    #expect(await log.flush())
                    log.cleanIfDue()
                }
                while log.isCleaning { _ = await log.idle.wait(deadline: soon()) }
                #expect(log.firstIndex > 1000, "the oldest records are gone")
                #expect(log.byteCount < 6 * 8192)
                await log.stop()
            }
            let groups = try open(folder, smallSegments).groups
            #expect(groups[GroupID(1)]?.founding.charter == [4])
            #expect(groups[GroupID(1)]?.hardState == vote)
            #expect(groups[GroupID(1)]?.entries == (1...20).map { entry(UInt64($0)) })
            #expect(groups[GroupID(2)]?.base == descriptor(2990))
            #expect(groups[GroupID(2)]?.entries == (2991...3000).map { entry(UInt64($0)) })
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `whatever the groups do, a start finds what was flushed`(_ seed: UInt64) async throws {
        try await withFolder { folder async throws in
            var random = SeededRandom(seed: seed)
            var model = Model()
            for _ in 0..<4 {
                let (log, groups) = try open(folder, smallSegments)
                #expect(groups == model.groups)
                for _ in 0..<400 {
                    model.step(&random).forEach { log.append($0.1, of: $0.0) }
                    if random.next() % 8 == 0 { #expect(await log.flush()) }
                    log.cleanIfDue()
                }
                #expect(await log.flush())
                while log.isCleaning { _ = await log.idle.wait(deadline: soon()) }
                await log.stop()
            }
            #expect(try open(folder, smallSegments).groups == model.groups)
        }
    }

    @Test func `damage under which no term was ever known is refused by segment and offset`()
        async throws
    {
        try await withFolder { folder async throws in
            do {
                let log = try open(folder).log
                log.append(founded(), of: GroupID(1))
                #expect(await log.flush())
                for index in 1...3 {
                    log.append(.entry(entry(UInt64(index))), of: GroupID(1))
                    #expect(await log.flush())
                }
                await log.stop()
            }
            let segment = try #require(try File.list(folder).first { $0 != "lock" })
            var content = try File.contents(of: "\(folder)/\(segment)")
            content[content.count / 2] ^= 1
            try File.save(content, to: "\(folder)/\(segment)")
            let error = #expect(throws: ReplicationError.self) { try open(folder) }
            let text = try #require(error?.description)
            #expect(text.contains(segment), "\(text)")
            #expect(text.contains("at byte "), "\(text)")
        }
    }

    @Test func `what was not flushed may be lost, and only from the end`() async throws {
        try await withFolder { folder async throws in
            do {
                let log = try open(folder).log
                log.append(founded(), of: GroupID(1))
                log.append(.entry(entry(1)), of: GroupID(1))
                #expect(await log.flush())
                log.append(.entry(entry(2)), of: GroupID(1))
                await log.stop()
                #expect(await log.flush() == false)
            }
            #expect(try open(folder).groups[GroupID(1)]?.entries == [entry(1)])
        }
    }
}

/// What a log should hold after random operations of a few groups.
private struct Model {
    var groups: [GroupID: RecoveredGroup] = [:]

    mutating func step(_ random: inout SeededRandom) -> [(GroupID, LogRecord)] {
        let id = GroupID(random.next() % 4)
        guard var group = groups[id] else {
            let founding = Founding(founders: .joining, charter: [UInt8(random.next() % 256)])
            groups[id] = RecoveredGroup(founding: founding)
            return [(id, .founded(founding))]
        }
        let base = group.base?.index ?? .zero
        let last = group.entries.last?.index ?? base
        let records: [LogRecord]
        switch random.next() % 24 {
        case 0:
            groups[id] = nil
            return [(id, .removed)]
        case 1, 2:
            group.hardState = HardState(term: Term(random.next() % 100), vote: nil)
            records = [.hardState(group.hardState)]
        case 3 where !group.entries.isEmpty:
            let cut = group.entries[Int(random.next() % UInt64(group.entries.count))].index
            group.entries.removeAll { $0.index >= cut }
            records = [.cut(cut)]
        case 4 where !group.entries.isEmpty:
            let entry = group.entries[Int(random.next() % UInt64(group.entries.count))]
            let descriptor = Self.descriptor(entry.position)
            group.entries.removeAll { $0.index <= entry.index }
            group.base = descriptor
            records = [.base(descriptor)]
        case 6:
            let position = LogPosition(index: last.advanced(by: 5), term: Term(9))
            group.base = Self.descriptor(position)
            group.entries = []
            records = [.reset(Self.descriptor(position))]
        default:
            let size = Int(random.next() % 100)
            let entry = LogEntry(
                index: last.next, term: Term(random.next() % 9),
                payload: .command([UInt8](repeating: 7, count: size)))
            group.entries.append(entry)
            records = [.entry(entry)]
        }
        groups[id] = group
        return records.map { (id, $0) }
    }

    private static func descriptor(_ position: LogPosition) -> SnapshotDescriptor {
        SnapshotDescriptor(position: position, membership: Membership(voters: [NodeID(1)]))
    }
}
