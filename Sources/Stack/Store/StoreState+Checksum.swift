// A checksum from the entry that asks for it to what is remembered of it: nothing more is applied until
// the state is checkpointed at that entry, then a helper thread walks over the checkpoint.

import Raft
import Reactor

extension StoreState {
    /// Whether a checksum is due or under way.
    var isTakingChecksum: Bool { checksumDue != nil || isSumming }

    /// What is applied now is what a checksum is wanted of. Not where a copy is being made, or is due:
    /// the place could not be held on to, and no client's write is worth the wait.
    func noteChecksumDue() {
        table.lastChecksum = nil
        if splitting == .none, !isBusy, !table.isSnapshotting { checksumDue = applied.index }
    }

    /// Begins the walk, if the checkpoint is of the place where it is due.
    func takeChecksum() {
        guard let due = checksumDue else { return }
        checksumDue = nil
        guard !table.isSnapshotting, applied.index == due, table.checkpointed == applied else {
            return
        }
        let work = table.beginChecksum()
        isSumming = true
        Task { @ReactorActor in
            await checksumPause()
            let result = await offload { work.perform() }
            isSumming = false
            table.finishChecksum(result)
            splitChanged.wakeAll()
        }
    }
}
