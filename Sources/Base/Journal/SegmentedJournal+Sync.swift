// Making the log durable: in one blocking call, or split so that a loop never waits for the disk.

package import Linux

/// The work of one sync, to be carried out once on any thread.
package struct SyncBatch: Sendable {
    let id: UInt64
    let steps: [DiskStep]
    let folder: SegmentFolder

    /// Writes and syncs; blocks for as long as the disk takes.
    package func perform() -> SyncOutcome {
        do throws(SyscallError) {
            try folder.perform(steps)
            return SyncOutcome(id: id, failure: nil)
        } catch {
            return SyncOutcome(id: id, failure: error)
        }
    }
}

/// What came of a batch, to be handed to `finishSync`.
package struct SyncOutcome: Sendable {
    let id: UInt64
    package let failure: SyscallError?
}

extension SegmentedJournal {
    /// True from `beginSync` to `finishSync`; a second batch cannot begin meanwhile.
    package var isSyncing: Bool { flight != nil }

    /// Takes everything so far into a batch; nil when the disk has it all.
    package func beginSync() throws(JournalError) -> SyncBatch? {
        try refuseAfterFailure()
        precondition(flight == nil, "one sync at a time")
        takePending()
        if steps.isEmpty { return nil }
        flightCount += 1
        flight = Flight(id: flightCount, steps: steps, lastIndex: lastIndex)
        let batch = SyncBatch(id: flightCount, steps: steps, folder: folder)
        steps = []
        return batch
    }

    /// Moves `durableIndex`, or stops the journal for good when the batch failed.
    package func finishSync(_ outcome: SyncOutcome) throws(JournalError) {
        guard let landed = flight, landed.id == outcome.id else {
            preconditionFailure("the outcome of another sync")
        }
        flight = nil
        if let error = outcome.failure {
            failure = error
            throw .poisoned(error)
        }
        durableIndex = max(durableIndex, landed.lastIndex)
        assert(durableIndex < nextIndex)
    }

    /// Makes everything so far durable before it returns.
    package func sync() throws(JournalError) {
        guard let batch = try beginSync() else { return }
        try finishSync(batch.perform())
    }
}
