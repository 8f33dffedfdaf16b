// Which records of the shared log still matter, and where they are. Pure.
//
// A record is live while a start would need it: how a group was founded, its last term and vote, its last
// base, and each entry above the base. Everything else is room to be given back.

import Raft

struct LiveRecords: Equatable {
    /// Where one record is and how much it takes.
    struct Place: Equatable, Sendable {
        let record: UInt64
        let byteCount: Int
    }

    /// What a record is to its group.
    enum Role: Equatable {
        case founding
        case hardState
        case base
        case entry(LogIndex)
    }

    struct Item: Equatable {
        let group: GroupID
        let role: Role
        let place: Place
    }

    struct Group: Equatable {
        var founding: Place?
        var hardState: Place?
        var base: Place?
        /// The entry before the first of `entries`.
        var baseIndex = LogIndex.zero
        /// One for each entry above the base, in the order of their indices.
        var entries: [Place] = []

        var byteCount: Int {
            [founding, hardState, base].reduce(0) { $0 + ($1?.byteCount ?? 0) }
                + entries.reduce(0) { $0 + $1.byteCount }
        }
    }

    private(set) var groups: [GroupID: Group] = [:]
    private(set) var byteCount = 0

    /// Takes note of a record that was appended.
    mutating func note(_ record: LogRecord, of id: GroupID, at place: Place) {
        var group = groups.removeValue(forKey: id) ?? Group()
        switch record {
        case .removed:
            byteCount -= group.byteCount
            return
        case .founded: replace(&group.founding, place)
        case .hardState: replace(&group.hardState, place)
        case .base(let descriptor):
            dropEntries(of: &group, through: descriptor.index)
            replace(&group.base, place)
        case .reset(let descriptor):
            dropEntries(of: &group, from: group.baseIndex.next)
            group.baseIndex = descriptor.index
            replace(&group.base, place)
        case .cut(let index): dropEntries(of: &group, from: index)
        case .entry(let entry):
            let next = group.baseIndex.advanced(by: group.entries.count + 1)
            precondition(entry.index == next, "entry \(entry.index) does not follow")
            group.entries.append(place)
            byteCount += place.byteCount
        case .kept(let entry): move(.entry(entry.index), of: &group, to: place)
        }
        groups[id] = group
    }

    /// Takes note that a live record was written again.
    mutating func move(_ item: Item, to place: Place) {
        guard var group = groups.removeValue(forKey: item.group) else { return }
        move(item.role, of: &group, to: place)
        groups[item.group] = group
    }

    /// Whether a record is still what it was when it was listed.
    func isLive(_ item: Item) -> Bool {
        guard let group = groups[item.group] else { return false }
        switch item.role {
        case .founding: return group.founding == item.place
        case .hardState: return group.hardState == item.place
        case .base: return group.base == item.place
        case .entry(let index):
            let slot = group.baseIndex.distance(to: index) - 1
            return group.entries.indices.contains(slot) && group.entries[slot] == item.place
        }
    }

    /// Everything live in records before an index, oldest first.
    func items(before record: UInt64) -> [Item] {
        var found: [Item] = []
        for (id, group) in groups {
            func add(_ role: Role, _ place: Place?) {
                guard let place, place.record < record else { return }
                found.append(Item(group: id, role: role, place: place))
            }
            add(.founding, group.founding)
            add(.hardState, group.hardState)
            add(.base, group.base)
            for (slot, place) in group.entries.enumerated() where place.record < record {
                add(.entry(group.baseIndex.advanced(by: slot + 1)), place)
            }
        }
        return found.sorted { $0.place.record < $1.place.record }
    }

    /// The first index such that the entries from it through `end` are within both bounds.
    func start(
        of id: GroupID, through end: LogIndex, countMax: UInt64, byteCountMax: Int
    ) -> LogIndex {
        guard let group = groups[id] else { return end.next }
        var start = end.next
        var bytes = 0
        while start > group.baseIndex.next, start.distance(to: end.next) < Int(countMax) {
            let slot = group.baseIndex.distance(to: start) - 2
            guard group.entries.indices.contains(slot) else { break }
            bytes += group.entries[slot].byteCount
            if bytes > byteCountMax { break }
            start = start.previous
        }
        return start
    }

    private mutating func replace(_ old: inout Place?, _ new: Place) {
        byteCount += new.byteCount - (old?.byteCount ?? 0)
        old = new
    }

    private mutating func dropEntries(of group: inout Group, through index: LogIndex) {
        guard index > group.baseIndex else { return }
        let count = min(group.baseIndex.distance(to: index), group.entries.count)
        byteCount -= group.entries.prefix(count).reduce(0) { $0 + $1.byteCount }
        group.entries.removeFirst(count)
        group.baseIndex = index
    }

    private mutating func dropEntries(of group: inout Group, from index: LogIndex) {
        let kept = max(0, group.baseIndex.distance(to: index) - 1)
        guard kept < group.entries.count else { return }
        byteCount -= group.entries.dropFirst(kept).reduce(0) { $0 + $1.byteCount }
        group.entries.removeSubrange(kept...)
    }

    private mutating func move(_ role: Role, of group: inout Group, to place: Place) {
        switch role {
        case .founding: replace(&group.founding, place)
        case .hardState: replace(&group.hardState, place)
        case .base: replace(&group.base, place)
        case .entry(let index):
            let slot = group.baseIndex.distance(to: index) - 1
            guard group.entries.indices.contains(slot) else { return }
            byteCount += place.byteCount - group.entries[slot].byteCount
            group.entries[slot] = place
        }
    }
}
