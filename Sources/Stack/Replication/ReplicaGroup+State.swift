// The state machine's side of a replica: applying, checkpoints, and shortening the log.
//
// While a checkpoint has hold of the state it can be neither read nor changed. Committed entries and
// confirmed reads then wait in line; the loop goes on. Only what a checkpoint made durable may leave
// the log, and a margin behind it stays, so that a follower which lags a little needs no snapshot.

import Raft
import Reactor
import Telemetry

extension ReplicaGroup {
    /// Whether the state can be used now.
    package var stateIsFree: Bool { state.isFree && !isInstalling }

    /// Whether entries can be applied now.
    private var canApply: Bool { stateIsFree && !state.wantsCheckpoint }

    func apply(_ entries: [LogEntry]) {
        if entries.isEmpty { return }
        guard canApply, backlog.isEmpty else {
            backlog += entries
            return
        }
        appliedBytes += entries.reduce(0) { $0 + $1.byteCount }
        var rest = entries[...]
        while !rest.isEmpty, canApply {
            let count = applySome(Array(rest))
            if count == 0 { break }
            rest = rest.dropFirst(count)
        }
        backlog += rest
    }

    /// Applies as many as the state takes; gives their number.
    private func applySome(_ entries: [LogEntry]) -> Int {
        do throws(State.Failure) {
            let replies = try state.apply(entries)
            precondition(replies.count <= entries.count, "a reply for each that was applied")
            for (entry, reply) in zip(entries, replies) {
                writes.complete(entry.position, with: reply)
            }
            return replies.count
        } catch {
            fail("the state cannot be written", error)
        }
    }

    /// Does what waited for the state, and starts a checkpoint when one is due.
    func settleState() {
        guard stateIsFree else { return }
        let waiting = backlog
        backlog = []
        apply(waiting)
        reads.answer(applied: state.applied.index)
        if isCheckpointDue { startCheckpoint() }
    }

    private var isCheckpointDue: Bool {
        guard !isCheckpointing, !isCopying else { return false }
        if waitingCopy != nil || state.wantsCheckpoint { return true }
        let distance = state.checkpointed.index.distance(to: state.applied.index)
        return distance > 0 && appliedBytes >= state.checkpointBytes / 2
            && (distance >= limits.checkpointEntries || appliedBytes >= limits.checkpointBytes)
    }

    private func startCheckpoint() {
        isCheckpointing = true
        appliedBytes = 0
        Task { @ReactorActor in
            do throws(State.Failure) {
                try await state.checkpoint()
            } catch {
                fail("the state cannot be checkpointed", error)
            }
            isCheckpointing = false
            stateChanged.wakeAll()
            guard isRunning else { return }
            compact()
            outlets.wake()
            if let waiting = waitingCopy { await copy(for: waiting) }
        }
    }

    /// Copies the state in the one moment when what is applied is checkpointed.
    private func copy(for waiting: Promise<SnapshotFile?>) async {
        waitingCopy = nil
        isCopying = true
        do throws(State.Failure) {
            waiting.fulfil(try await state.copy(to: folder + "/outgoing"))
        } catch {
            log.warning("snapshot failed", ["group": id, "error": "\(error)"])
            waiting.fulfil(nil)
        }
        isCopying = false
        stateChanged.wakeAll()
        outlets.wake()
    }

    /// Drops entries that the durable state has, up to the margin.
    private func compact() {
        let margin = records.live.start(
            of: id, through: state.checkpointed.index, countMax: limits.compactionMargin,
            byteCountMax: limits.compactionMarginBytes)
        let start = min(margin, startKeptForSnapshot)
        guard start > .zero, start.previous > node.status.compacted,
            let descriptor = node.snapshotDescriptor(at: start.previous)
        else { return }
        node.step(.compact(through: descriptor.index))
        records.append(.base(descriptor), of: id)
    }

    /// A follower that is being sent a snapshot needs the entries behind it, within a bound.
    private var startKeptForSnapshot: LogIndex {
        guard let index = outgoing?.file.descriptor.index else {
            return LogIndex(UInt64(Int64.max))
        }
        let bound = records.live.start(
            of: id, through: state.checkpointed.index, countMax: .max >> 2,
            byteCountMax: limits.snapshotHoldBytes)
        return max(index.next, bound)
    }
}
