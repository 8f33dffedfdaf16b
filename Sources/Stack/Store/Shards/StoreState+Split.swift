// From an applied split to a group for the right half, on one host.
//
//     copyDue    the split is applied; nothing more is, before it is checkpointed
//     copying    the shadow, or where that is not ready a copy of the checkpoint, is turned into the
//                right half's state; the left half goes on meanwhile, but is not checkpointed, so that
//                a crash finds the split again
//     clearDue   the right half is founded, durably; the state says so with the next checkpoint
//
// Only after that checkpoint does the right half's replica run. Were it to run earlier, a crash could
// found it a second time, from nothing but the copy, after it had voted or had even moved away.

import Linux
import Raft
import Reactor
import Replication

enum SplitProgress: Equatable {
    case none
    case copyDue
    case copying
    case clearDue(GroupID)

    var wantsCheckpoint: Bool {
        switch self {
        case .none, .copying: false
        case .copyDue, .clearDue: true
        }
    }

    var isCopying: Bool { self == .copying }
}

/// What a replica asks of its host when its shard is split.
@ReactorActor
protocol ShardSplitter: AnyObject {
    /// Whether this host is to have a replica of the right half of a split at this entry.
    func founds(_ shard: GroupID, at index: LogIndex, members: Membership) -> Bool
    /// A split was applied; the right half may be found there from now on.
    func didSplit(_ half: PendingSplit, at position: LogPosition, members: Membership)
    /// Founds the right half on a copy of the state; false when that failed.
    func found(
        _ half: PendingSplit, at position: LogPosition, members: Membership, seed: SnapshotFile
    ) async -> Bool
    /// The right half may run.
    func didFound(_ child: GroupID)
}

extension StoreState {
    func apply(_ split: ShardSplit, _ entry: LogEntry) throws(StateError) -> StoreReply {
        let founds =
            splitter?.founds(shard, at: entry.index, members: membership) ?? false
        guard
            let half = try table.apply(split, entry, shard: shard.rawValue, founds: founds)
        else {
            shadow?.note([entry])
            return .refused(.moved)
        }
        if founds {
            splitting = .copyDue
            splitPosition = entry.position
        }
        if !founds || shadow?.seal(before: entry.index) != true { dropShadow() }
        splitter?.didSplit(half, at: entry.position, members: membership)
        return .integer(Int64(half.child))
    }

    /// The right half was founded in an earlier life.
    func skipCopy(of child: GroupID) throws(StateError) {
        try table.clearSplit()
        splitting = .clearDue(child)
    }

    func didCheckpoint(_ due: SplitProgress) throws(StateError) {
        switch due {
        case .none, .copying: break
        case .copyDue: try beginCopy()
        case .clearDue(let child):
            splitting = .none
            splitter?.didFound(child)
        }
    }

    /// A state from elsewhere has taken the place of this one.
    func didInstall() {
        if case .clearDue(let child) = splitting { splitter?.didFound(child) }
        splitting = table.pendingSplit == nil ? .none : .copyDue
    }

    private func beginCopy() throws(StateError) {
        guard let half = table.pendingSplit else {
            splitting = .none
            return
        }
        // A second try comes later; the right half has not changed since.
        let position = splitPosition ?? applied
        let members = membership
        if let shadow {
            return found(
                half, on: shadow, SnapshotDescriptor(position: position, membership: members))
        }
        let work = try table.beginSnapshot(to: folder + "/half.mdb")
        splitting = .copying
        Task { @ReactorActor in
            let result = await offload { work.perform() }
            var isFounded = false
            if case .success(let file) = result {
                isFounded =
                    await splitter?.found(half, at: position, members: members, seed: file)
                    ?? false
            }
            endCopy(of: half, result, isFounded: isFounded)
            splitChanged.wakeAll()
        }
    }

    /// The shadow becomes the right half; it has taken everything up to the split.
    private func found(
        _ half: PendingSplit, on shadow: SplitShadow, _ descriptor: SnapshotDescriptor
    ) {
        splitting = .copying
        Task { @ReactorActor in
            var isFounded = false
            if let file = await shadow.close(as: descriptor) {
                isFounded =
                    await splitter?.found(
                        half, at: descriptor.position, members: descriptor.membership, seed: file)
                    ?? false
            }
            self.shadow = nil
            if isFounded { shadowedSplits += 1 }
            end(half, isFounded: isFounded)
            splitChanged.wakeAll()
        }
    }

    private func endCopy(
        of half: PendingSplit, _ result: Result<SnapshotFile, StateError>, isFounded: Bool
    ) {
        _ = try? table.finishSnapshot(result)
        end(half, isFounded: isFounded)
    }

    private func end(_ half: PendingSplit, isFounded: Bool) {
        // A state that failed meanwhile ends the process with its next entry.
        if isFounded, (try? table.clearSplit()) != nil {
            splitting = .clearDue(GroupID(half.child))
        } else {
            splitting = .copyDue
        }
    }
}
