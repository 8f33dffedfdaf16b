// Which configuration holds at which place of the log.
//
// A configuration is in force from the moment its entry is in the log, committed or not, and no
// longer when the entry is cut (Raft paper, 6). So what is kept is not one membership but those of all
// entries in memory, and the one from before them, which a snapshot carries.

struct MembershipHistory: Sendable {
    struct Record: Equatable, Sendable {
        /// The entry that brought it; for the first record, an index up to the base of the log.
        let index: LogIndex
        let membership: Membership
    }

    /// Ascending, never empty.
    private var records: [Record]

    /// Whether the newest has changed since somebody looked.
    private var isChanged = false

    init(base: Membership, at index: LogIndex, entries: [LogEntry]) {
        records = [Record(index: index, membership: base)]
        for entry in entries { note(entry) }
        isChanged = false
    }

    /// The one in force.
    var newest: Record { records[records.count - 1] }

    /// The one that is in force again if the entry of the newest is cut.
    var previous: Membership? {
        records.count > 1 ? records[records.count - 2].membership : nil
    }

    /// The one as of an entry; what came before the first is not known any more.
    func membership(at index: LogIndex) -> Membership {
        (records.last { $0.index <= index } ?? records[0]).membership
    }

    /// Takes note of an entry that stands in the log, if it is new and brings a configuration.
    mutating func note(_ entry: LogEntry) {
        guard case .configuration(let membership) = entry.payload, entry.index > newest.index else {
            return
        }
        records.append(Record(index: entry.index, membership: membership))
        isChanged = true
    }

    /// Forgets what entries from an index on brought.
    mutating func cut(from index: LogIndex) {
        while records.count > 1, newest.index >= index {
            records.removeLast()
            isChanged = true
        }
    }

    /// Forgets what nothing in the log can lead back to.
    mutating func compact(through index: LogIndex) {
        let obsolete = records.dropFirst().prefix { $0.index <= index }.count
        records.removeFirst(obsolete)
    }

    mutating func replace(by snapshot: SnapshotDescriptor) {
        isChanged = isChanged || newest.membership != snapshot.membership
        records = [Record(index: snapshot.index, membership: snapshot.membership)]
    }

    /// The newest, if it changed since the last call.
    mutating func takeChange() -> Membership? {
        guard isChanged else { return nil }
        isChanged = false
        return newest.membership
    }
}
