// What replicas must not forget, of all groups of a process in one journal: entries, terms and votes.
//
// One file and one fsync for everything that gathered, whichever groups it came from: with a log a
// group, fifty groups would pay fifty fsyncs for what fits into one. A group's records keep their
// order, and a crash keeps a prefix of all of them, which is what Ready.swift asks for.
//
// Writing is split so that the loop never waits for the disk. `write` notes what a ready asks for
// and `enlist` says who waits; one sync at a time takes all that was noted. What comes while it runs
// goes with the next: that is group commit. Giving room back is in SharedLog+Cleaning.swift.

import Journal
import Linux
import Raft
import Reactor
import Telemetry

/// A replica that waits for the log.
@ReactorActor
protocol LogClient: AnyObject {
    /// What was written up to now goes with the sync that begins.
    func syncDidBegin()
    /// It is on the disk.
    func syncDidEnd()
}

@ReactorActor
final class SharedLog {
    let journal: SegmentedJournal
    private let register: LogRegister
    let segmentSizeMax: Int
    let log: Log
    var live: LiveRecords
    var isCleaning = false
    /// How many average segments the next cleaning goes over: the oldest one may be larger.
    var cleaningReach = 1

    private var waiting: [any LogClient] = []
    private var flushCount = 0
    private let synced = Turnstile()
    private(set) var isSyncing = false
    private(set) var isStopped = false
    /// Woken when a sync is over and nothing waits for the next.
    let idle = Turnstile()
    private(set) var syncCount = 0
    /// How long the disk took for each.
    private(set) var syncSeconds = FixedHistogram.latency
    /// Told after each sync, once every client was told.
    var didSync: @ReactorActor () -> Void = {}

    init(
        journal: SegmentedJournal, register: LogRegister, live: LiveRecords, segmentSizeMax: Int,
        log: Log
    ) {
        self.journal = journal
        self.register = register
        self.live = live
        self.segmentSizeMax = segmentSizeMax
        self.log = log
    }

    var firstIndex: UInt64 { journal.firstIndex }
    var lastIndex: UInt64 { journal.lastIndex }
    var byteCount: Int { journal.byteCount }

    // MARK: Writing

    /// Notes what one ready asks for, in the order that Ready.swift prescribes.
    func write(_ ready: Ready, of group: GroupID) {
        if let hardState = ready.hardState { append(.hardState(hardState), of: group) }
        if let snapshot = ready.snapshot { append(.reset(snapshot), of: group) }
        if let cut = ready.truncateFrom { append(.cut(cut), of: group) }
        for entry in ready.entries { append(.entry(entry), of: group) }
    }

    func append(_ record: LogRecord, of group: GroupID) {
        let place = append(record.kind, record.payload(of: group))
        live.note(record, of: group, at: place)
        do throws(JournalError) {
            try register.note(record, of: group)
        } catch {
            fail("the register cannot be written", error)
        }
    }

    /// Adds a record without a note of what it means.
    func append(_ kind: LogRecord.Kind, _ payload: [UInt8]) -> LiveRecords.Place {
        do {
            let index = try journal.append(kind: kind.rawValue, payload: payload)
            return Self.place(index, payload)
        } catch {
            fail("the log cannot be written", error)
        }
    }

    nonisolated static func place(_ index: UInt64, _ payload: [UInt8]) -> LiveRecords.Place {
        // The journal's own share of a record is 24 bytes and padding.
        LiveRecords.Place(record: index, byteCount: payload.count + 28)
    }

    // MARK: Syncing

    /// Has the client told of the next sync that begins; once, however often it is asked.
    func enlist(_ client: any LogClient) {
        if isStopped || waiting.contains(where: { $0 === client }) { return }
        waiting.append(client)
    }

    /// Waits until everything that was noted so far is on the disk; false when it was stopped.
    func flush() async -> Bool {
        let target = lastIndex
        flushCount += 1
        defer { flushCount -= 1 }
        while journal.durableIndex < target {
            if isStopped { return false }
            startSync()
            _ = await synced.wait()
        }
        return true
    }

    /// Syncs what has gathered, unless a sync runs: that one goes on by itself.
    func startSync() {
        if isSyncing || isStopped || !isWanted { return }
        isSyncing = true
        Task { @ReactorActor in
            while !isStopped, isWanted { await syncOnce() }
            isSyncing = false
            idle.wakeAll()
            synced.wakeAll()
        }
    }

    private var isWanted: Bool { !waiting.isEmpty || (flushCount > 0 && journal.hasUnsynced) }

    private func syncOnce() async {
        let clients = waiting
        waiting = []
        for client in clients { client.syncDidBegin() }
        do throws(JournalError) {
            try await syncBoth(try register.beginSync(), try journal.beginSync())
        } catch {
            fail("the log cannot be synced", error)
        }
        synced.wakeAll()
        guard !isStopped else { return }
        for client in clients { client.syncDidEnd() }
        didSync()
        cleanIfDue()
    }

    /// The register first: it may be ahead of the log, never behind.
    private func syncBoth(
        _ first: SyncBatch?, _ second: SyncBatch?
    ) async throws(JournalError) {
        if first == nil, second == nil { return }
        syncCount += 1
        let start = MonotonicTime.now()
        let (registered, logged) = await offload {
            let registered = first?.perform()
            return (registered, registered?.failure == nil ? second?.perform() : nil)
        }
        syncSeconds.record(.now() - start)
        if let registered { try register.finishSync(registered) }
        if let logged { try journal.finishSync(logged) }
    }

    /// Stops at once, as a crash would, but for the sync that is under way: it is waited for.
    func stop() async {
        isStopped = true
        waiting = []
        synced.wakeAll()
        while isSyncing || isCleaning { _ = await idle.wait() }
    }

    /// Ends the process: after a failed write nothing that this process says can be relied on.
    func fail(_ what: String, _ error: some Error) -> Never {
        log.error(what, ["error": "\(error)"])
        CurrentProcess.exit(70)
    }
}
