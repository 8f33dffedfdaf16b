// The state machine's side of a replica: applying, reading, checkpoints, and shortening the log.
//
// While a checkpoint's fsync runs, the state can be neither read nor changed. Committed entries and
// confirmed reads then wait in line; the loop goes on. Only what a checkpoint made durable may leave
// the log, and a margin behind it stays, so that a follower which lags a little needs no snapshot.

import Raft
import Reactor

extension ReplicaDriver {
    /// Whether the state can be used now.
    var stateIsFree: Bool { !state.isCheckpointing && !isInstalling }

    func apply(_ entries: [LogEntry]) {
        if entries.isEmpty { return }
        guard stateIsFree, backlog.isEmpty else {
            backlog += entries
            return
        }
        do throws(StateError) {
            let replies = try state.apply(entries)
            precondition(replies.count == entries.count, "each entry has its reply")
            for (entry, reply) in zip(entries, replies) {
                writes.complete(entry.position, with: reply)
            }
        } catch {
            fail("the state cannot be written", error)
        }
        appliedBytes += entries.reduce(0) { $0 + $1.byteCount }
    }

    /// Does what waited for the state, and starts a checkpoint when one is due.
    func settleState() {
        guard stateIsFree else { return }
        let waiting = backlog
        backlog = []
        startWaitingCopy()
        apply(waiting)
        reads.answer(from: state)
        checkpointIfDue()
    }

    private func checkpointIfDue() {
        let distance = state.checkpointed.index.distance(to: state.applied.index)
        guard distance > 0, !state.isSnapshotting else { return }
        let isDue =
            distance >= limits.checkpointEntries || appliedBytes >= limits.checkpointBytes
        if isDue || wantsCheckpoint { startCheckpoint() }
    }

    private func startCheckpoint() {
        do throws(StateError) {
            guard let work = try state.beginCheckpoint() else { return }
            appliedBytes = 0
            wantsCheckpoint = false
            Task { @ReactorActor in
                finishCheckpoint(await offload { work.perform() })
            }
        } catch {
            fail("the state cannot be checkpointed", error)
        }
    }

    private func finishCheckpoint(_ outcome: CheckpointOutcome) {
        do throws(StateError) {
            try state.finishCheckpoint(outcome)
            let usage = try state.usage()
            isNearlyFull = usage.byteCount > usage.mapSize / 10 * 9
        } catch {
            fail("the state cannot be checkpointed", error)
        }
        stateChanged.wakeAll()
        guard isRunning else { return }
        startWaitingCopy()
        compact()
        advance()
    }

    /// Drops entries that the durable state has, up to the margin.
    private func compact() {
        let durable = state.checkpointed.index.rawValue
        guard durable > limits.compactionMargin else { return }
        let through = LogIndex(durable - limits.compactionMargin)
        guard through > node.status.compacted else { return }
        node.step(.compact(through: through))
        do {
            try storage.compact(through: through)
        } catch {
            fail("the log cannot be written", error)
        }
    }
}
