// A disk in memory, for a journal and the durable state of a state machine: what survives a crash.

import Raft

struct SimulatedDisk {
    private(set) var hardState = HardState.initial
    private(set) var snapshot: SnapshotDescriptor?
    private(set) var entries: [LogEntry] = []
    /// The durable state of the state machine.
    private(set) var machine = Registers()

    var last: LogPosition { entries.last?.position ?? snapshot?.position ?? .zero }
    private var base: LogIndex { snapshot?.index ?? .zero }

    /// The term of the entry at an index, or of the snapshot that ends there; nil where neither is.
    func term(at index: LogIndex) -> Term? {
        if index == base { return snapshot?.term ?? .zero }
        let place = base.distance(to: index) - 1
        return entries.indices.contains(place) ? entries[place].term : nil
    }

    /// Whether the disk has an entry, or a snapshot that covers it.
    func holds(_ position: LogPosition) -> Bool {
        position.index < base || term(at: position.index) == position.term
    }

    /// Writes a ready, or only the first parts of it, as a crash in the middle would leave it.
    mutating func write(
        _ ready: Ready, staged: Registers?, partsMax: Int = .max
    ) throws(Violation) {
        var partsLeft = partsMax
        func isReached() -> Bool {
            partsLeft -= 1
            return partsLeft >= 0
        }
        if let state = ready.hardState, isReached() { hardState = state }
        if let descriptor = ready.snapshot, let staged, isReached() {
            snapshot = descriptor
            entries = []
            machine = staged
        }
        if let cut = ready.truncateFrom, isReached() {
            entries.removeSubrange(min(max(base.distance(to: cut) - 1, 0), entries.count)...)
        }
        for entry in ready.entries where isReached() {
            guard entry.index == last.index.next else {
                throw Violation(
                    .durability, "a journal that ends at \(last) is to take \(entry.position)")
            }
            entries.append(entry)
        }
    }

    /// Makes a state of the state machine durable.
    mutating func save(_ state: Registers) {
        guard state.applied.index > machine.applied.index else { return }
        machine = state
    }

    /// Drops entries that the durable state machine has.
    mutating func compact(to descriptor: SnapshotDescriptor) {
        precondition(
            descriptor.index <= machine.applied.index, "the state machine lacks what is dropped")
        entries.removeFirst(min(base.distance(to: descriptor.index), entries.count))
        snapshot = descriptor
    }

    var restored: RestoredState {
        RestoredState(
            hardState: hardState, snapshot: snapshot, entries: entries,
            applied: machine.applied.index)
    }
}
