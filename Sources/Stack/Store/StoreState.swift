// The store's state machine as a replica drives it: LMDB's commits and copies run on helper threads,
// and clients' questions are answered from it once a quorum has confirmed that reading is safe.

import Linux
package import Raft
package import Reactor
package import Replication

/// One replica of a shard.
package typealias StoreGroup = ReplicaGroup<StoreState>

@ReactorActor
package final class StoreState: ReplicatedState {
    let shard: GroupID
    let folder: String
    let table: KeyValueState
    package private(set) var isNearlyFull = false

    /// Founds the right halves of splits; set before anything is applied.
    weak var splitter: (any ShardSplitter)?
    var splitting: SplitProgress
    /// Where the split was, if it came in this life of the process.
    var splitPosition: LogPosition?
    let splitChanged = Turnstile()
    /// A copy that keeps up, where a split is expected.
    var shadow: SplitShadow?
    var isCopyingShadow = false
    /// Splits in this life of the process for which nothing had to be copied any more.
    var shadowedSplits = 0
    /// True while a backup reads the state: no other copy and no installation meanwhile.
    private(set) var isBackingUp = false
    /// Where a checksum is to be taken, before anything more is applied.
    var checksumDue: LogIndex?
    /// True while a helper thread walks over the last checkpoint.
    var isSumming = false
    /// Lets tests hold a checksum up while it is taken.
    var checksumPause: @ReactorActor () async -> Void = {}

    init(
        shard: GroupID, folder: String, founders: Membership, ownership: ShardOwnership,
        mapSize: Int, requestCountMax: Int
    ) throws(StateError) {
        self.shard = shard
        self.folder = folder
        var options = KeyValueState.Options(mapSize: mapSize)
        options.requestCountMax = requestCountMax
        table = try KeyValueState(
            folder: folder, membership: founders, ownership: ownership, options: options)
        table.shard = shard.rawValue
        try? File.removeTree(folder + "/half")
        splitting = table.pendingSplit == nil ? .none : .copyDue
    }

    package var applied: LogPosition { table.applied }
    package var checkpointed: LogPosition { table.checkpointed }
    package var membership: Membership { table.membership }
    package var isFree: Bool { !table.isCheckpointing }
    package var wantsCheckpoint: Bool { splitting.wantsCheckpoint || checksumDue != nil }

    package func apply(_ entries: [LogEntry]) throws(StateError) -> [StoreReply?] {
        try table.deleteStrays()
        if table.mustClean(before: entries) { return try applyUpToMerge(entries) }
        // A split ends the batch: the copy for the right half is made at just that place. So does a
        // checksum, which is of what is there.
        let isEnd = { (entry: LogEntry) in
            entry.index > self.applied.index
                && (ShardSplit(entry) != nil || StoreCommand.isChecksum(entry))
        }
        guard let place = entries.firstIndex(where: isEnd) else { return try applyToBoth(entries) }
        guard let split = ShardSplit(entries[place]) else {
            let replies = try applyToBoth(Array(entries[...place]))
            noteChecksumDue()
            return replies
        }
        let replies = try applyToBoth(Array(entries[..<place]))
        // One split at a time: the next waits until the half before it has its group.
        return splitting == .none ? replies + [try apply(split, entries[place])] : replies
    }

    private func applyToBoth(_ entries: [LogEntry]) throws(StateError) -> [StoreReply?] {
        let replies = try table.apply(entries)
        shadow?.note(entries)
        return replies
    }

    /// Stops in front of a merge until no keys are left that are not this shard's.
    private func applyUpToMerge(_ entries: [LogEntry]) throws(StateError) -> [StoreReply?] {
        for _ in 0..<25 { try table.deleteStrays() }
        let clean = entries.prefix { !table.mustClean(before: [$0]) }
        return clean.isEmpty ? [] : try apply(Array(clean))
    }

    package func checkpoint() async throws(StateError) {
        // The copy for a right half is of just this place: nothing is applied until it can begin.
        while splitting == .copyDue, isBusy { _ = await splitChanged.wait() }
        let due = splitting
        // Nor may the disk get ahead of it before it is founded.
        if !due.isCopying, let work = try table.beginCheckpoint() {
            try table.finishCheckpoint(await offload { work.perform() })
            let usage = try table.usage()
            isNearlyFull = usage.byteCount > usage.mapSize / 10 * 9
        }
        try didCheckpoint(due)
        takeChecksum()
    }

    package func copy(to path: String) async throws(StateError) -> SnapshotFile {
        if table.isSnapshotting {
            throw .system(SyscallError(stage: "copy(\(path))", errno: .again))
        }
        let work = try table.beginSnapshot(to: path)
        return try table.finishSnapshot(await offload { work.perform() })
    }

    /// Writes a backup of everything applied to a new file.
    func backUp(to path: String) async throws(StateError) -> BackupFile {
        guard isFree, !table.isSnapshotting, splitting == .none, checksumDue == nil else {
            throw .system(SyscallError(stage: "backup(\(path))", errno: .again))
        }
        isBackingUp = true
        defer {
            isBackingUp = false
            splitChanged.wakeAll()
        }
        let work = try table.beginSnapshot(to: path + ".state")
        let file = try table.finishSnapshot(await offload { work.perform() })
        let copy = BackupFile.SnapshotCopy(
            path: file.path, index: file.descriptor.index.rawValue,
            term: file.descriptor.position.term.rawValue, byteCount: file.byteCount,
            checksum: file.checksum)
        let shard = shard.rawValue
        let sealed = await offload { () -> Result<BackupFile, StateError> in
            do throws(StateError) {
                return .success(try BackupFile.seal(copy, shard: shard, as: path))
            } catch {
                return .failure(error)
            }
        }
        return try sealed.get()
    }

    package func install(_ file: SnapshotFile) async throws(StateError) {
        // Reading a large file takes long; the loop goes on meanwhile, and heartbeats with it.
        let mapSize = table.options.mapSize
        let examined = await offload { () -> Result<Void, StateError> in
            Result { () throws(StateError) in try KeyValueState.examine(file, mapSize: mapSize) }
        }
        try examined.get()
        while splitting.isCopying || isBusy { _ = await splitChanged.wait() }
        dropShadow()
        try table.install(examined: file)
        didInstall()
    }
}

/// What a client wants to see.
enum StoreQuery: Sendable {
    case values(of: [[UInt8]])
    /// The highest keys first.
    case range(prefix: [UInt8], limit: Int)
}

/// What became of a client's question.
enum QueryOutcome: Sendable {
    /// One value, or none, for each key asked for.
    case values([VersionedValue?])
    case range([KeyValue])
    /// A transaction across shards is about to write what was asked for: wait for its end.
    case locked(TransactionID)
    /// The answer would have more bytes than one answer may have.
    case tooLarge
    case refused(RaftRefusal)
    /// Leadership was lost, or time ran out, before a quorum confirmed it.
    case lost
    case failed(StateError)
    /// No bound is known, or one over the client's.
    case tooOld
}

/// Which replica may answer, and how well it has to know that it is up to date.
enum ReadPlace: Sendable {
    case leader
    /// Any replica, once it has applied what the leader had committed when it was asked.
    case anywhere
    /// Any replica that is behind by no more than that, as far as it knows.
    case stale(Duration)
}

extension ReplicaGroup where State == StoreState {
    /// Reads what every acknowledged write up to now has left; or, where a bound is given, what is
    /// there, with the most by which it may be out of date.
    func read(
        _ query: StoreQuery, _ place: ReadPlace
    ) async -> (outcome: QueryOutcome, age: Duration?) {
        switch place {
        case .leader: return (await read(query, anywhere: false), nil)
        case .anywhere: return (await read(query, anywhere: true), nil)
        case .stale(let bound):
            let deadline = MonotonicTime.now() + limits.answerTimeout
            while !state.isFree, .now() < deadline { await Reactor.sleep(for: .milliseconds(1)) }
            guard isRunning, state.isFree else { return (.lost, nil) }
            guard let age = staleness, age <= bound else { return (.tooOld, staleness) }
            return (state.answer(query), age)
        }
    }

    private func read(_ query: StoreQuery, anywhere: Bool) async -> QueryOutcome {
        switch await readBarrier(anywhere: anywhere) {
        case .refused(let refusal): return .refused(refusal)
        case .lost: return .lost
        case .ready: return state.answer(query)
        }
    }
}

extension StoreState {
    fileprivate func answer(_ query: StoreQuery) -> QueryOutcome {
        do throws(StateError) {
            switch query {
            case .values(let keys):
                if let holder = try table.writer(ofAny: keys) { return .locked(holder) }
                var values: [VersionedValue?] = []
                var byteCount = 0
                for key in keys {
                    let found = try table.versionedValue(of: key)
                    byteCount += found?.value.count ?? 0
                    if byteCount > Bounds.answerBytesMax { return .tooLarge }
                    values.append(found)
                }
                return .values(values)
            case .range(let prefix, let limit):
                if let holder = try table.writer(under: prefix) { return .locked(holder) }
                let pairs = try table.range(
                    prefix: prefix, limit: limit, byteCountMax: Bounds.answerBytesMax)
                return pairs.map { .range($0) } ?? .tooLarge
            }
        } catch {
            return .failed(error)
        }
    }
}
