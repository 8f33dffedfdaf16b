// Keeping a shadow of the state ahead of a split: begun when the shard's leader asks for it, given up
// when nobody has asked for a while.

import Linux
import Raft
import Reactor
import Replication

extension StoreState {
    /// Begins a shadow where there is none; true once it keeps up.
    func prepareSplit() -> Bool {
        if let shadow, shadow.progress != .failed {
            shadow.touch()
            return shadow.progress == .ready
        }
        guard splitting == .none else { return false }
        let shadow = SplitShadow(folder: folder + "/half")
        self.shadow = shadow
        Task { @ReactorActor in await fill(shadow) }
        return false
    }

    private func fill(_ shadow: SplitShadow) async {
        while self.shadow === shadow, !isFree || isBusy || table.isSnapshotting {
            await Reactor.sleep(for: .milliseconds(1))
        }
        guard self.shadow === shadow else { return }
        do {
            if File.exists(shadow.folder) { try File.removeTree(shadow.folder) }
            try File.makeDirectories(shadow.folder)
            let work = try table.beginSnapshot(to: shadow.path)
            isCopyingShadow = true
            shadow.didBegin()
            let result = await offload { work.perform() }
            isCopyingShadow = false
            defer { splitChanged.wakeAll() }
            _ = try table.finishSnapshot(result)
        } catch {
            isCopyingShadow = false
            return shadow.fail()
        }
        await shadow.catchUp(like: table)
    }

    func dropShadow() {
        guard let shadow else { return }
        shadow.fail()
        self.shadow = nil
        // A copy that is under way writes there yet; the next shadow clears the folder.
        if !isCopyingShadow { try? File.removeTree(shadow.folder) }
    }

    /// Gives up a shadow that nobody has asked for in a while: each entry costs twice with it.
    func dropShadow(olderThan age: Duration) {
        guard let shadow, shadow.progress != .sealed, .now() - shadow.touched > age else { return }
        dropShadow()
    }

    /// Whether something reads the state, so that no other copy may begin.
    var isBusy: Bool { isBackingUp || isCopyingShadow || isSumming }
}
