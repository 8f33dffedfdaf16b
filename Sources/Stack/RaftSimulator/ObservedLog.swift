// A replica's log as its driver sees it: what the readies wrote, cut and replaced.
//
// The checks read this and never ask the node, whose own idea of its log is what is in question.

package import Raft

package struct ObservedLog: Sendable {
    /// What a snapshot stands for.
    package private(set) var base: LogPosition
    /// Terms of the entries from `base.index + 1` on.
    private var terms: [Term]

    package init(base: LogPosition = .zero, terms: [Term] = []) {
        self.base = base
        self.terms = terms
    }

    init(restored: RestoredState) {
        self.init(base: restored.snapshot?.position ?? .zero, terms: restored.entries.map(\.term))
    }

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

    mutating func append(_ position: LogPosition) { terms.append(position.term) }

    mutating func cut(from index: LogIndex) {
        terms.removeSubrange(min(max(base.index.distance(to: index) - 1, 0), terms.count)...)
    }

    mutating func replace(by snapshot: LogPosition) {
        base = snapshot
        terms = []
    }

    mutating func compact(to position: LogPosition) {
        terms.removeFirst(min(max(base.index.distance(to: position.index), 0), terms.count))
        base = position
    }
}
