// The queue's journal on the event loop, with group commit: while one fsync is under way, all that
// arrives is gathered, and the next fsync is for all of it. So the disk sets the pace and the
// number of clients does not.
//
// A write or an fsync that failed is never tried again. The kernel may have dropped the pages and
// would report success the second time (Rebello et al., "Can Applications Recover from fsync
// Failures?", ATC'20), so the one safe answer is to stop and to read the disk at the next start.

import Journal
import Reactor

@ReactorActor
final class QueueLog {
    private(set) var syncCount = 0
    private(set) var recordCount = 0
    /// Told after each sync, before those who wait for it go on.
    var becameDurable: @ReactorActor (UInt64) -> Void = { _ in }
    /// Told at the first failure; nothing is acknowledged from then on.
    var failed: @ReactorActor (JournalError) -> Void = { _ in }
    /// Nil once closed, so that the folder is free for the next to open it.
    private var journal: SegmentedJournal?
    private var isCommitting = false
    /// Records that no commit has begun for.
    private var gatheredCount = 0
    /// Records that nobody waits for are committed at the latest when they are so many.
    private static let gatheredCountMax = 256
    private let landed = Turnstile()

    init(_ journal: SegmentedJournal) { self.journal = journal }

    var byteCount: Int { journal?.byteCount ?? 0 }
    var segmentCount: Int { journal?.segmentCount ?? 0 }
    var firstIndex: UInt64 { journal?.firstIndex ?? 0 }
    var durableIndex: UInt64 { journal?.durableIndex ?? 0 }
    var nextIndex: UInt64 { journal?.nextIndex ?? 0 }

    /// Adds a record to the next commit and returns its index; nil once closed or failed.
    func append(_ record: QueueRecord) -> UInt64? {
        guard let journal else { return nil }
        do {
            let index = try journal.append(kind: record.kind.rawValue, payload: record.encoded)
            recordCount += 1
            gatheredCount += 1
            if gatheredCount >= Self.gatheredCountMax { startCommitting() }
            return index
        } catch {
            fail(error)
            return nil
        }
    }

    /// Waits until the disk has the record; false when that will not come.
    func commit(through index: UInt64) async -> Bool {
        startCommitting()
        while let journal {
            if journal.durableIndex >= index { return true }
            _ = await landed.wait()
        }
        return false
    }

    /// Gives the disk space of the records before the index back; they must not be needed even if
    /// nothing that is not durable yet ever becomes so.
    func drop(before index: UInt64) {
        do {
            try journal?.dropPrefix(before: index)
            startCommitting()
        } catch {
            fail(error)
        }
    }

    /// Commits what there is, then lets go of the folder.
    func close() async {
        startCommitting()
        while isCommitting { _ = await landed.wait() }
        journal = nil
        landed.wakeAll()
    }

    private func startCommitting() {
        if isCommitting || journal == nil { return }
        isCommitting = true
        Task { @ReactorActor in
            await commitAll()
            isCommitting = false
            landed.wakeAll()
        }
    }

    private func commitAll() async {
        do {
            while let journal, let batch = try journal.beginSync() {
                gatheredCount = 0
                let outcome = await offload { batch.perform() }
                try journal.finishSync(outcome)
                syncCount += 1
                becameDurable(journal.durableIndex)
                landed.wakeAll()
            }
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: JournalError) {
        guard journal != nil else { return }
        journal = nil
        failed(error)
        landed.wakeAll()
    }
}
