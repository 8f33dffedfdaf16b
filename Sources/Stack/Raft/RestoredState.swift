// What a driver found on disk, from which a replica starts; empty for a replica that is new.

/// The durable state of a replica, as read back at start.
package struct RestoredState: Hashable, Sendable {
    package var hardState: HardState

    /// What came before the first retained entry; nil when the log was never compacted.
    package var snapshot: SnapshotDescriptor?

    /// The retained log; its first entry directly follows the snapshot.
    package var entries: [LogEntry]

    /// The last entry in the durable state of the state machine. It counts as committed.
    package var applied: LogIndex

    package init(
        hardState: HardState = .initial, snapshot: SnapshotDescriptor? = nil,
        entries: [LogEntry] = [], applied: LogIndex = .zero
    ) {
        self.hardState = hardState
        self.snapshot = snapshot
        self.entries = entries
        self.applied = applied
    }

    /// Picks the entries of a journal that go on from a snapshot, or none when they do not.
    ///
    /// A crash between installing a snapshot and resetting the journal leaves entries behind that
    /// the snapshot replaces. Entries after it are kept only if the journal has the snapshot's own
    /// last entry (Raft paper, figure 13, steps 6 and 7). When the answer is empty and the journal
    /// is not, the driver resets the journal. A journal that begins behind the snapshot comes back
    /// whole: if entries are missing in between, starting from it throws `gap`.
    package static func entries(
        of journal: [LogEntry], after snapshot: LogPosition
    ) -> [LogEntry] {
        guard let first = journal.first, first.index <= snapshot.index else { return journal }
        guard journal.contains(where: { $0.position == snapshot }) else { return [] }
        return Array(journal.drop { $0.index <= snapshot.index })
    }

    /// Refuses state that no correct run can leave behind, before it does harm.
    ///
    /// With the planted bug, entries that were applied may have been overwritten since.
    func validate(toleratesLostCommits: Bool) throws(RaftRestoreError) {
        var last = snapshot?.position ?? .zero
        let base = last.index
        for entry in entries {
            guard entry.index == last.index.next else {
                throw .gap(expected: last.index.next, found: entry.index)
            }
            guard entry.term >= last.term else { throw .termsDescend(at: entry.index) }
            last = entry.position
        }
        guard hardState.term >= last.term else {
            throw .termBehindLog(term: hardState.term, last: last)
        }
        guard base <= applied, applied <= last.index || toleratesLostCommits else {
            throw .appliedOutsideLog(applied: applied, first: base.next, last: last.index)
        }
    }
}

/// Why a durable state cannot be started from.
package enum RaftRestoreError: Error, Hashable, Sendable {
    /// An entry is missing, or there twice.
    case gap(expected: LogIndex, found: LogIndex)
    /// An entry has a lower term than the one before it.
    case termsDescend(at: LogIndex)
    /// The log has entries of a term that the hard state has not reached: it was written too late.
    case termBehindLog(term: Term, last: LogPosition)
    /// The state machine holds entries that the log does not reach, or lacks some that are gone.
    case appliedOutsideLog(applied: LogIndex, first: LogIndex, last: LogIndex)
}
