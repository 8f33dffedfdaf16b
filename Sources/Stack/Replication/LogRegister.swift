// A second copy of what no peer could give back: which groups this host takes part in, and the term and
// vote of each.
//
// Entries can be had again from a leader. A vote that was forgotten could be given twice, so a host
// whose log turns out to be damaged must still know its terms and votes for certain (Alagappan et
// al., FAST'18, 3.3). They change a few times an election and are tiny, so they go into a small journal
// of their own as well, synced in front of the log.

import Journal
import Linux
import Raft
import Reactor

@ReactorActor
final class LogRegister {
    struct Item: Equatable {
        var founding: Founding
        var hardState = HardState.initial
    }

    private(set) var groups: [GroupID: Item]
    private let journal: SegmentedJournal
    /// Where the last full copy of everything begins, and its end; older records go once it is durable.
    private var copy: Range<UInt64>?

    private init(journal: SegmentedJournal, groups: [GroupID: Item]) {
        self.journal = journal
        self.groups = groups
    }

    static func open(
        _ folder: String, options: JournalOptions
    ) throws(ReplicationError) -> LogRegister {
        var small = JournalOptions()
        small.segmentSizeMax = 64 << 10
        small.payloadCountMax = 16 << 10
        small.salt = options.salt
        small.beforeOperation = options.beforeOperation
        var groups: [GroupID: Item] = [:]
        var malformed: ReplicationError?
        do {
            let journal = try SegmentedJournal.open(folder: folder, options: small) { record in
                let parsed = LogRecord.parse(kind: record.kind, payload: record.payload)
                guard let (id, parsed) = parsed, note(parsed, of: id, in: &groups) else {
                    malformed =
                        malformed ?? .malformedRecord(index: record.index, kind: record.kind)
                    return
                }
            }.journal
            if let malformed { throw malformed }
            return LogRegister(journal: journal, groups: groups)
        } catch let error as JournalError {
            throw .journal(error)
        } catch let error as ReplicationError {
            throw error
        } catch {
            preconditionFailure("only these two are thrown")
        }
    }

    /// False for a record that has no place here.
    nonisolated private static func note(
        _ record: LogRecord, of id: GroupID, in groups: inout [GroupID: Item]
    ) -> Bool {
        switch record {
        case .founded(let founding): groups[id] = Item(founding: founding)
        case .hardState(let state): groups[id]?.hardState = state
        case .removed: groups[id] = nil
        case .base, .reset, .cut, .entry, .kept: return false
        }
        return true
    }

    /// Notes a record of the log if it is of a kind that is kept twice.
    func note(_ record: LogRecord, of id: GroupID) throws(JournalError) {
        guard Self.note(record, of: id, in: &groups) else { return }
        try append(record, of: id)
        if journal.segmentCount > 2, copy == nil { try copyAll() }
    }

    private func append(_ record: LogRecord, of id: GroupID) throws(JournalError) {
        _ = try journal.append(kind: record.kind.rawValue, payload: record.payload(of: id))
    }

    /// Writes everything once more, so that older records can go.
    private func copyAll() throws(JournalError) {
        let start = journal.nextIndex
        for (id, item) in groups {
            try append(.founded(item.founding), of: id)
            try append(.hardState(item.hardState), of: id)
        }
        copy = start..<journal.nextIndex
    }

    func beginSync() throws(JournalError) -> SyncBatch? { try journal.beginSync() }

    func finishSync(_ outcome: SyncOutcome) throws(JournalError) {
        try journal.finishSync(outcome)
        guard let copy, journal.durableIndex + 1 >= copy.upperBound else { return }
        try journal.dropPrefix(before: copy.lowerBound)
        self.copy = nil
    }

    /// Makes everything durable before it returns; for a start alone.
    func sync() throws(JournalError) { try journal.sync() }
}
