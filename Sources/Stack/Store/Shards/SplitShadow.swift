// The right half of a split before there is one: a copy of the whole state that keeps up with it, so
// that at the split itself next to nothing is left to be done.
//
//     waiting      the state is not free yet
//     copying      a copy is made; what is applied meanwhile waits
//     catchingUp   the copy is open and takes what has waited
//     ready        it takes every entry that the state takes
//     sealed       the split has come: from here on the two have different keys
//
// Nobody depends on it. A host whose shadow is not ready at the split, or has failed, copies the whole
// state then, as it does after a crash.

import Linux
import Raft
import Reactor
import Replication

@ReactorActor
final class SplitShadow {
    enum Progress {
        case waiting, copying, catchingUp, ready, sealed, failed
    }

    let folder: String
    private(set) var progress = Progress.waiting
    /// When somebody last asked for it.
    private(set) var touched = MonotonicTime.now()
    private var state: KeyValueState?
    private var backlog: [LogEntry] = []
    private var backlogBytes = 0
    /// More waiting than this is a shard that is written to faster than it can be copied.
    private static let backlogBytesMax = 64 << 20
    private static let entriesAtOnce = 200

    init(folder: String) { self.folder = folder }

    var path: String { StateTables.path(in: folder) }

    func touch() { touched = .now() }

    /// The copy begins with what is applied now.
    func didBegin() { progress = .copying }

    func fail() {
        progress = .failed
        state = nil
        backlog = []
    }

    /// Takes what the state has just applied.
    func note(_ entries: [LogEntry]) {
        switch progress {
        case .waiting, .sealed, .failed: return
        case .copying, .catchingUp:
            backlog += entries
            backlogBytes += entries.reduce(0) { $0 + $1.byteCount }
            if backlogBytes > Self.backlogBytesMax { fail() }
        case .ready:
            if (try? state?.apply(entries)) == nil { fail() }
        }
    }

    /// Opens the copy and takes in what has waited, a little at a time.
    func catchUp(like original: KeyValueState) async {
        guard progress == .copying else { return }
        guard
            let opened = try? KeyValueState(
                folder: folder, membership: original.membership, ownership: original.ownership,
                options: original.options)
        else { return fail() }
        opened.shard = original.shard
        state = opened
        progress = .catchingUp
        while progress == .catchingUp, !backlog.isEmpty {
            let part = Array(backlog.prefix(Self.entriesAtOnce))
            backlog.removeFirst(part.count)
            guard (try? opened.apply(part)) != nil else { return fail() }
            await Task.yield()
        }
        if progress == .catchingUp { progress = .ready }
    }

    /// Ends at the entry before a split; false when it has not got as far.
    func seal(before index: LogIndex) -> Bool {
        guard progress == .ready, state?.applied.index == index.previous else { return false }
        progress = .sealed
        return true
    }

    /// Makes a sealed shadow durable and lets go of it; nil when that failed.
    func close(as descriptor: SnapshotDescriptor) async -> SnapshotFile? {
        guard progress == .sealed, let state else { return nil }
        defer { fail() }
        guard let work = try? state.beginCheckpoint() else {
            return SnapshotFile(path: path, descriptor: descriptor, byteCount: 0, checksum: 0)
        }
        let outcome = await offload { work.perform() }
        guard (try? state.finishCheckpoint(outcome)) != nil else { return nil }
        return SnapshotFile(path: path, descriptor: descriptor, byteCount: 0, checksum: 0)
    }
}
