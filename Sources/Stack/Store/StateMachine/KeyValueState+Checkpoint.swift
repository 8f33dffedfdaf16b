// Making the applied state durable, in one blocking call or split around a helper thread.

/// The work of one checkpoint, to be carried out once on any thread.
///
/// @unchecked Sendable: the state gives its transaction away with this and touches it no more;
/// a second `perform` traps, because the transaction is over.
package struct CheckpointWork: @unchecked Sendable {
    let id: UInt64
    let transaction: LMDBTransaction

    /// Writes and syncs; blocks for as long as the disk takes.
    package func perform() -> CheckpointOutcome {
        do throws(StateError) {
            try transaction.commit()
            return CheckpointOutcome(id: id, failure: nil)
        } catch {
            return CheckpointOutcome(id: id, failure: error)
        }
    }
}

package struct CheckpointOutcome: Sendable {
    let id: UInt64
    package let failure: StateError?
}

extension KeyValueState {
    /// Starts to make everything applied durable; nil when it is, or while a snapshot is copied.
    package func beginCheckpoint() throws(StateError) -> CheckpointWork? {
        let transaction = try transaction()
        // A commit could take pages that the copy still reads, see LMDBEnvironment.copy.
        if applied == checkpointed || snapshot != nil { return nil }
        checkpointCount += 1
        phase = .checkpointing(id: checkpointCount, position: applied)
        return CheckpointWork(id: checkpointCount, transaction: transaction)
    }

    /// Goes on after a checkpoint; a failed one is never tried again, as a failed fsync is not.
    package func finishCheckpoint(_ outcome: CheckpointOutcome) throws(StateError) {
        guard case .checkpointing(let id, let position) = phase, id == outcome.id else {
            preconditionFailure("the outcome of another checkpoint")
        }
        do throws(StateError) {
            if let failure = outcome.failure { throw failure }
            checkpointed = position
            phase = .open(try environment.begin())
        } catch {
            phase = .failed(error)
            throw error
        }
    }

    /// Makes everything applied durable before it returns.
    package func checkpoint() throws(StateError) {
        guard let work = try beginCheckpoint() else { return }
        try finishCheckpoint(work.perform())
    }
}
