// Reading the shared log back at a start: the records of all groups, in the order in which they were
// written, become what each group has to go on from. Pure.
//
// Order within a group is the journal's, with one liberty: an entry that was kept comes after entries
// behind it. So entries are sorted at the end, and must then be without a gap.

package import Raft

/// What the log holds of one group.
package struct RecoveredGroup: Hashable, Sendable {
    package var founding: Founding
    package var hardState = HardState.initial
    /// What the first entry follows; nil when the log was never shortened.
    package var base: SnapshotDescriptor?
    package var entries: [LogEntry] = []
}

struct LogReplay {
    private struct Found<Value> {
        let value: Value
        let place: LiveRecords.Place
    }

    private struct Group {
        var founding: Found<Founding>?
        var hardState: Found<HardState>?
        var base: Found<SnapshotDescriptor>?
        var entries: [LogIndex: Found<LogEntry>] = [:]
        /// No entry is behind this.
        var last = LogIndex.zero
    }

    private var groups: [GroupID: Group] = [:]

    mutating func take(_ record: LogRecord, of id: GroupID, at place: LiveRecords.Place) {
        if record == .removed {
            groups[id] = nil
            return
        }
        var group = groups.removeValue(forKey: id) ?? Group()
        switch record {
        case .founded(let founding): group.founding = Found(value: founding, place: place)
        case .hardState(let state): group.hardState = Found(value: state, place: place)
        case .base(let descriptor): group.base = Found(value: descriptor, place: place)
        case .reset(let descriptor):
            group.base = Found(value: descriptor, place: place)
            group.entries = [:]
            group.last = .zero
        case .cut(let index): Self.cut(&group, from: index)
        case .entry(let entry), .kept(let entry):
            group.entries[entry.index] = Found(value: entry, place: place)
            group.last = max(group.last, entry.index)
        case .removed: break
        }
        groups[id] = group
    }

    private static func cut(_ group: inout Group, from index: LogIndex) {
        var next = index
        while next <= group.last {
            group.entries[next] = nil
            next = next.next
        }
        group.last = min(group.last, index == .zero ? .zero : index.previous)
    }

    /// What was found, and where it lies.
    func finish() throws(ReplicationError) -> (groups: [GroupID: RecoveredGroup], live: LiveRecords)
    {
        var recovered: [GroupID: RecoveredGroup] = [:]
        var live = LiveRecords()
        for (id, group) in groups {
            guard let founding = group.founding else { throw .unfounded(group: id) }
            var result = RecoveredGroup(founding: founding.value)
            live.note(.founded(founding.value), of: id, at: founding.place)
            if let state = group.hardState {
                result.hardState = state.value
                live.note(.hardState(state.value), of: id, at: state.place)
            }
            if let base = group.base {
                result.base = base.value
                live.note(.reset(base.value), of: id, at: base.place)
            }
            var next = (result.base?.index ?? .zero).next
            while next <= group.last {
                guard let entry = group.entries[next] else {
                    throw .missingEntry(group: id, index: next)
                }
                result.entries.append(entry.value)
                live.note(.entry(entry.value), of: id, at: entry.place)
                next = next.next
            }
            recovered[id] = result
        }
        return (recovered, live)
    }
}
