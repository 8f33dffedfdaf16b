// A disk in memory, for a journal and the durable state of a state machine.

@testable import Raft

/// What survives a crash.
struct Disk: Equatable {
    var hardState = HardState.initial
    var snapshot: SnapshotDescriptor?
    var entries: [LogEntry] = []
    /// The last entry in the durable state of the state machine.
    var applied = LogIndex.zero

    var last: LogPosition { entries.last?.position ?? snapshot?.position ?? .zero }

    /// Writes a ready, or only the first parts of it, as a crash in the middle would leave it.
    mutating func write(_ ready: Ready, partsMax: Int = .max) {
        var partsLeft = partsMax
        func isReached() -> Bool {
            partsLeft -= 1
            return partsLeft >= 0
        }
        if let state = ready.hardState, isReached() { hardState = state }
        if let descriptor = ready.snapshot, isReached() {
            snapshot = descriptor
            entries = []
            applied = descriptor.index
        }
        if let cut = ready.truncateFrom, isReached() { entries.removeAll { $0.index >= cut } }
        for entry in ready.entries where isReached() {
            precondition(entry.index == last.index.next, "the journal would get a gap")
            entries.append(entry)
        }
    }

    /// Drops entries that the durable state machine has.
    mutating func compact(to descriptor: SnapshotDescriptor) {
        precondition(descriptor.index <= applied, "the state machine lacks what is dropped")
        snapshot = descriptor
        entries.removeAll { $0.index <= descriptor.index }
    }

    var restored: RestoredState {
        RestoredState(
            hardState: hardState, snapshot: snapshot, entries: entries, applied: applied)
    }
}
