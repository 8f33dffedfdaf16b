// A replica's log as its driver sees it: what the readies wrote, cut and replaced.
//
// The checks read this and never ask the node, whose own idea of its log is what is in question.

package import Raft

package struct ObservedLog: Sendable {
    /// What a snapshot stands for.
    package private(set) var base: LogPosition
    /// Terms of the entries from `base.index + 1` on.
    private var terms: [Term]
    /// Configurations, and the entries that brought them; the first is that as of the base.
    private var configurations: [(index: LogIndex, membership: Membership)]

    package init(
        base: LogPosition = .zero, terms: [Term] = [], membership: Membership = .joining
    ) {
        self.base = base
        self.terms = terms
        configurations = [(base.index, membership)]
    }

    init(restored: RestoredState, initial: Membership) {
        self.init(
            base: restored.snapshot?.position ?? .zero,
            membership: restored.snapshot?.membership ?? initial)
        for entry in restored.entries { append(entry) }
    }

    /// The configuration in force: the newest, committed or not (paper, 6).
    var membership: Membership { configurations[configurations.count - 1].membership }

    package var last: LogPosition {
        LogPosition(
            index: base.index.advanced(by: terms.count), term: terms.last ?? base.term)
    }

    /// Nil above the end and below the base.
    package func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        let place = base.index.distance(to: index) - 1
        return terms.indices.contains(place) ? terms[place] : nil
    }

    mutating func append(_ entry: LogEntry) {
        terms.append(entry.term)
        guard case .configuration(let membership) = entry.payload else { return }
        configurations.append((entry.index, membership))
    }

    mutating func cut(from index: LogIndex) {
        terms.removeSubrange(min(max(base.index.distance(to: index) - 1, 0), terms.count)...)
        while configurations.count > 1, membershipIndex >= index { configurations.removeLast() }
    }

    private var membershipIndex: LogIndex { configurations[configurations.count - 1].index }

    mutating func replace(by snapshot: SnapshotDescriptor) {
        base = snapshot.position
        terms = []
        configurations = [(snapshot.index, snapshot.membership)]
    }

    mutating func compact(to position: LogPosition) {
        terms.removeFirst(min(max(base.index.distance(to: position.index), 0), terms.count))
        base = position
        let obsolete = configurations.dropFirst().prefix { $0.index <= position.index }.count
        configurations.removeFirst(obsolete)
    }
}
