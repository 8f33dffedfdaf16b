// What a replica must not forget: its log in a journal, its term and vote in a file beside it.
//
// Journal indices are log indices, so cutting, compacting and starting behind a snapshot are the
// journal's own operations. Term and vote change a few times an election and are replaced as a whole
// file (temporary file, fsync, rename, fsync of the folder).
//
// Writing is split in three, so that the loop never waits for the disk: `write` notes what a ready
// asks for, `beginSync` takes all that was noted into one piece of work, and `finishSync` says that
// it is done. What is noted while the work runs goes with the next: that is group commit.

import Journal
import Linux
import Raft
import Reactor
import Wire

@ReactorActor
final class RaftStorage {
    private let journal: SegmentedJournal
    private let hardStatePath: String
    /// A term and vote that no sync has taken yet.
    private var hardState: HardState?
    private(set) var syncCount = 0

    private init(journal: SegmentedJournal, hardStatePath: String) {
        self.journal = journal
        self.hardStatePath = hardStatePath
    }

    /// What the folder holds; empty for a replica that is new.
    struct Contents {
        var hardState = HardState.initial
        var entries: [LogEntry] = []
    }

    static func open(
        _ folder: String, options: JournalOptions = JournalOptions()
    ) throws(ReplicaError) -> (storage: RaftStorage, contents: Contents) {
        var contents = Contents()
        var malformed: ReplicaError?
        let journal: SegmentedJournal
        do {
            journal = try SegmentedJournal.open(folder: folder + "/log", options: options) {
                record in
                do throws(RaftCodingError) {
                    contents.entries.append(try LogEntry(decoding: record.payload.span))
                } catch {
                    malformed = malformed ?? .malformedEntry(index: record.index, error)
                }
            }.journal
        } catch {
            throw .journal(error)
        }
        if let malformed { throw malformed }
        let storage = RaftStorage(journal: journal, hardStatePath: folder + "/hard-state")
        contents.hardState = try HardStateFile.read(storage.hardStatePath)
        return (storage, contents)
    }

    /// Notes what one ready asks for, in the order that Ready.swift prescribes.
    func write(_ ready: Ready) throws(JournalError) {
        if let changed = ready.hardState { hardState = changed }
        if let snapshot = ready.snapshot {
            try journal.reset(nextIndex: snapshot.index.next.rawValue)
        }
        if let cut = ready.truncateFrom { try journal.truncateSuffix(from: cut.rawValue) }
        for entry in ready.entries {
            var payload: [UInt8] = []
            entry.encode(into: &payload)
            let index = try journal.append(kind: 1, payload: payload)
            precondition(index == entry.index.rawValue, "journal and log count differently")
        }
    }

    /// Starts an empty log behind an entry, when the state machine is ahead of the journal.
    func restart(behind index: LogIndex) throws(JournalError) {
        try journal.reset(nextIndex: index.next.rawValue)
        try journal.sync()
    }

    /// Gives back the space of entries up to here, whole segments at a time, with the next sync.
    func compact(through index: LogIndex) throws(JournalError) {
        try journal.dropPrefix(before: index.next.rawValue)
    }

    var firstIndex: UInt64 { journal.firstIndex }
    var lastIndex: UInt64 { journal.lastIndex }
    var byteCount: Int { journal.byteCount }

    // MARK: Syncing

    /// Puts term and vote on the disk before it returns; only while no sync is under way.
    func syncHardState(_ state: HardState) throws(JournalError) {
        do throws(SyscallError) {
            try HardStateFile.write(state, to: hardStatePath)
        } catch {
            throw .system(error)
        }
    }

    /// One trip to the disk, to be made on a thread that may wait.
    struct Sync: Sendable {
        fileprivate let hardState: HardState?
        fileprivate let hardStatePath: String
        fileprivate let batch: SyncBatch?

        func perform() -> Outcome {
            if let hardState {
                do throws(SyscallError) {
                    try HardStateFile.write(hardState, to: hardStatePath)
                } catch {
                    return Outcome(hardStateFailure: error, batch: nil)
                }
            }
            return Outcome(hardStateFailure: nil, batch: batch?.perform())
        }
    }

    struct Outcome: Sendable {
        fileprivate let hardStateFailure: SyscallError?
        fileprivate let batch: SyncOutcome?
    }

    /// Takes all that was noted; nil when the disk has it.
    func beginSync() throws(JournalError) -> Sync? {
        let batch = try journal.beginSync()
        guard batch != nil || hardState != nil else { return nil }
        defer { hardState = nil }
        syncCount += 1
        return Sync(hardState: hardState, hardStatePath: hardStatePath, batch: batch)
    }

    /// Throws when the disk failed. It is not tried again: see `SegmentFolder`.
    func finishSync(_ outcome: Outcome) throws(JournalError) {
        if let failure = outcome.hardStateFailure { throw .system(failure) }
        if let batch = outcome.batch { try journal.finishSync(batch) }
    }
}

/// Term and vote as a checked frame in a file of its own.
private enum HardStateFile {
    static func read(_ path: String) throws(ReplicaError) -> HardState {
        guard File.exists(path) else { return .initial }
        let bytes: [UInt8]
        do {
            bytes = try File.contents(of: path)
        } catch {
            throw .system(error)
        }
        guard let (frame, count) = try? Frame.parse(bytes.span), count == bytes.count,
            let state = try? HardState(decoding: frame.payload.span)
        else { throw .malformedHardState(path: path) }
        return state
    }

    static func write(_ state: HardState, to path: String) throws(SyscallError) {
        var payload: [UInt8] = []
        state.encode(into: &payload)
        var bytes: [UInt8] = []
        Frame(kind: 1, payload: payload).encode(into: &bytes)
        try File.replace(path, with: bytes)
    }
}
