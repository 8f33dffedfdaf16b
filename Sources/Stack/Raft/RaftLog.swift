// The log in memory: the suffix above the last compaction, with four marks on it.
//
//      base            handedOut      commit        stable       issued          last
//       |  ...............|.............|.............|.............|..............|
//       compacted         given to the  committed     on our disk   given to the   appended
//       (a snapshot       driver to                                 driver to
//       stands for it)    apply                                     write
//
// base <= handedOut, base <= stable <= issued <= last, commit <= last. Commit may run ahead of stable:
// the others had the entry on disk first. It is then not handed out for applying yet, or after a crash
// the state machine could be ahead of the log.

struct RaftLog: Sendable {
    /// The last entry that is gone from the log; index zero before the first compaction.
    private(set) var base: LogPosition

    /// Consecutive from `base.index + 1`.
    private(set) var entries: [LogEntry]

    private(set) var commit: LogIndex
    private(set) var handedOut: LogIndex
    private(set) var stable: LogIndex
    private(set) var issued: LogIndex

    /// The smallest index that has to be cut from the disk before the next entries are written.
    private(set) var pendingCut: LogIndex?

    /// Whether a committed entry may be overwritten, which only the planted bug brings about.
    private let toleratesLostCommits: Bool

    var plantedBug: PlantedBug?

    init(restored: RestoredState, toleratesLostCommits: Bool) {
        base = restored.snapshot?.position ?? .zero
        entries = restored.entries
        commit = min(restored.applied, restored.entries.last?.index ?? base.index)
        handedOut = restored.applied
        let last = restored.entries.last?.index ?? base.index
        stable = last
        issued = last
        self.toleratesLostCommits = toleratesLostCommits
    }

    var last: LogPosition { entries.last?.position ?? base }

    /// The term at an index; nil where the log has no knowledge, above its end or below its base.
    func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        guard index > base.index, index <= last.index else { return nil }
        return entries[place(of: index)].term
    }

    private func place(of index: LogIndex) -> Int { base.index.distance(to: index) - 1 }

    /// Entries from an index on, as many as fit into the bytes, at least one if there is any.
    func entries(from start: LogIndex, through end: LogIndex, bytesMax: Int) -> [LogEntry] {
        precondition(start > base.index, "entry \(start) is compacted")
        guard start <= end else { return [] }
        let range = entries[place(of: start)...place(of: end)]
        var bytes = 0
        let fitting = range.prefix { entry in
            bytes += entry.byteCount
            return bytes <= bytesMax
        }
        return Array(fitting.isEmpty ? range.prefix(1) : fitting)
    }

    func byteCount(from start: LogIndex, through end: LogIndex) -> Int {
        guard start <= end else { return 0 }
        return entries[place(of: start)...place(of: end)].reduce(0) { $0 + $1.byteCount }
    }
}

// MARK: - Growing and cutting

extension RaftLog {
    /// Adds an entry behind the last one; only the leader of the term does this.
    @discardableResult
    mutating func append(_ payload: LogEntry.Payload, term: Term) -> LogEntry {
        precondition(term >= last.term, "terms only grow along the log")
        let entry = LogEntry(index: last.index.next, term: term, payload: payload)
        entries.append(entry)
        return entry
    }

    enum MergeOutcome: Equatable {
        /// The log agrees with the leader's through this index. Entries from `cut` on were replaced.
        case matched(LogIndex, cut: LogIndex?)
        case rejected(hint: LogPosition)
    }

    /// Takes entries of the leader (AppendEntries, receiver steps 2 to 4 of figure 2).
    ///
    /// Only an entry with another term at the same index cuts the log. A request that is late or
    /// repeated, and so shorter than the log, leaves everything that agrees with it in place.
    mutating func merge(_ request: AppendRequest) -> MergeOutcome {
        let reach = request.entries.last?.index ?? request.previous.index
        guard reach > base.index || request.previous.index == base.index else {
            return .matched(base.index, cut: nil)  // All of it is committed and compacted.
        }
        if request.previous.index >= base.index,
            term(at: request.previous.index) != request.previous.term
        {
            return .rejected(hint: conflictHint(for: request.previous))
        }
        let fresh = request.entries.drop { entry in
            entry.index <= base.index
                || (plantedBug != .truncatesOnEveryAppend && term(at: entry.index) == entry.term)
                || (plantedBug == .keepsConflictingEntries && entry.index <= last.index)
        }
        guard let first = fresh.first else { return .matched(reach, cut: nil) }
        let cut: LogIndex? = first.index <= last.index ? first.index : nil
        if let cut { removeEntries(from: cut) }
        precondition(first.index == last.index.next, "an append left a gap")
        entries.append(contentsOf: fresh)
        return .matched(reach, cut: cut)
    }

    private mutating func removeEntries(from index: LogIndex) {
        precondition(index > base.index, "the compacted part of the log cannot change")
        precondition(index > commit || toleratesLostCommits, "committed entry \(index) overwritten")
        entries.removeSubrange(place(of: index)...)
        if index <= issued { pendingCut = min(pendingCut ?? index, index) }
        issued = min(issued, index.previous)
        stable = min(stable, index.previous)
        commit = min(commit, index.previous)
    }

    /// The last entry not after the refused one whose term is not above the one offered.
    private func conflictHint(for offered: LogPosition) -> LogPosition {
        lastPosition(notAfter: min(offered.index, last.index), termAtMost: offered.term) ?? base
    }

    /// The last known position within both bounds; nil when it lies below the base.
    func lastPosition(notAfter bound: LogIndex, termAtMost limit: Term) -> LogPosition? {
        var index = min(bound, last.index)
        while index >= base.index {
            guard let found = term(at: index) else { return nil }
            if found <= limit { return LogPosition(index: index, term: found) }
            guard index > .zero else { return nil }
            index = index.previous
        }
        return nil
    }
}

// MARK: - Moving the marks

extension RaftLog {
    mutating func advanceCommit(to index: LogIndex) {
        precondition(index <= last.index, "commit \(index) is beyond the log")
        commit = max(commit, index)
    }

    /// Gives out the entries that the disk was not asked to write yet, and what to cut before.
    mutating func takeUnwritten() -> (cut: LogIndex?, entries: [LogEntry]) {
        let fresh = Array(entries[place(of: issued.next)...])
        let cut = pendingCut
        issued = last.index
        pendingCut = nil
        return (cut, fresh)
    }

    mutating func markStable(through index: LogIndex) {
        precondition(
            index <= issued || toleratesLostCommits,
            "entry \(index) was never given out for writing")
        stable = max(stable, index)
    }

    /// Gives out the next entries to apply: committed, and on our own disk.
    mutating func takeCommitted(bytesMax: Int) -> [LogEntry] {
        let end = plantedBug == .appliesUncommitted ? stable : min(commit, stable)
        guard handedOut < end else { return [] }
        let batch = entries(from: handedOut.next, through: end, bytesMax: bytesMax)
        handedOut = batch.last?.index ?? handedOut
        return batch
    }

    /// Drops entries that the durable state machine has; a snapshot stands for them from now on.
    mutating func compact(through index: LogIndex) {
        precondition(index <= handedOut, "entry \(index) was not applied, so it cannot be dropped")
        guard index > base.index, index <= stable, let term = term(at: index) else { return }
        entries.removeSubrange(...place(of: index))
        base = LogPosition(index: index, term: term)
    }

    /// Replaces the whole log by a snapshot. All in it is committed, so it counts as stable.
    mutating func replace(by snapshot: LogPosition) {
        precondition(
            snapshot.index > commit || toleratesLostCommits,
            "a snapshot must not take back committed entries")
        base = snapshot
        entries = []
        commit = snapshot.index
        handedOut = snapshot.index
        stable = snapshot.index
        issued = snapshot.index
        pendingCut = nil
    }
}
