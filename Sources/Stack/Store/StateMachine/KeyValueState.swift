// The store's state machine: keys, values and the requests that were applied in LMDB, and the position of the last
// entry that was applied, in the same transaction.
//
// How durable, and why. The Raft log is the durable truth, so nothing is lost when the state is
// behind it: a start applies the entries after the stored position again. What must never happen is
// a state that is torn, or that claims a position whose changes it lacks. So:
//
//  - One write transaction spans many applied batches. Each batch stores its position in it, reads
//    go through it, and a checkpoint commits it with LMDB's full sync: pages, fsync, root, fsync.
//    A crash of the process or of the machine falls back to the last checkpoint, whole.
//  - The tempting way, MDB_NOSYNC and a sync now and then, is not safe at any interval. Its commits
//    write the root without waiting for the pages under it, and take pages that the synced root
//    still uses. After a power cut the root on the disk may then name pages that never arrived, and
//    LMDB has no page checksums to notice. MDB_NOMETASYNC is safe, but pays an fsync a batch on top
//    of the log's, which a checkpoint a second makes pointless.
//  - The log must keep every entry after `checkpointed`, see `SegmentedJournal.dropPrefix`.
//
// A checkpoint can be split as a journal's sync can. While its fsync runs on another thread the
// state can be neither read nor changed; the loop itself goes on, so that heartbeats do not wait
// for a slow disk.
//
// Not Sendable: it lives on one loop.

import Linux
package import Raft

package final class KeyValueState {
    package struct Options: Hashable, Sendable {
        /// Bytes of address space, and so the most that the state can ever take on the disk.
        package var mapSize: Int
        /// Requests whose reply is kept; the same on every replica, or their states part.
        package var requestCountMax = 100_000
        /// Log positions for which it is kept at most; the same on every replica, too.
        package var requestAgeMax: UInt64 = 1_000_000

        package init(mapSize: Int) {
            precondition(mapSize >= 1 << 16, "a map holds at least a few pages")
            self.mapSize = mapSize
        }
    }

    enum Phase {
        case open(LMDBTransaction)
        case checkpointing(id: UInt64, position: LogPosition)
        /// The first failure; every later call throws it.
        case failed(StateError)
    }

    let folder: String
    let options: Options
    /// Held for as long as this object lives; keeps a second process out.
    private let lock: FileDescriptor
    var environment: LMDBEnvironment
    var tables: StateTables
    var phase: Phase
    var checkpointCount: UInt64 = 0
    /// Set while the last checkpoint is being read, for a copy or for a checksum.
    var snapshot: SnapshotDescriptor?

    /// The last entry that was applied; what reads show.
    package internal(set) var applied: LogPosition
    /// The last entry that a crash cannot undo.
    package internal(set) var checkpointed: LogPosition
    /// The members of the group as of `applied`.
    package internal(set) var membership: Membership
    /// The keys that are this shard's as of `applied`.
    package internal(set) var ownership: ShardOwnership
    /// What binds it to other shards as of `applied`.
    package internal(set) var ties: ShardTies
    /// Which shard it is: part of the names of sessions that it opens.
    var shard: UInt64 = 0
    /// The half of this shard that has no group on this host yet.
    var pendingSplit: PendingSplit?
    var straySearch: StraySearch
    /// Notes what is written, for a copy that keeps up with it.
    var changed: ChangedRows?
    /// What the last entry that asked for a checksum found, in this life of the process.
    var lastChecksum: Result<StateChecksum, StateError>?
    /// Requests that were forgotten since this process started.
    package internal(set) var forgottenCount = 0

    /// Opens the state in a folder, or starts an empty one with the given members and keys.
    package init(
        folder: String, membership: Membership, ownership: ShardOwnership = .everything,
        options: Options
    ) throws(StateError) {
        self.folder = folder
        self.options = options
        if !File.exists(folder) {
            try system { () throws(SyscallError) in
                try File.makeDirectories(folder)
                try File.syncDirectory(File.folder(of: folder))
            }
        }
        let lock = try system { () throws(SyscallError) in
            try File.open(folder + "/state.lock", [.readWrite, .create])
        }
        let isOurs = try system { () throws(SyscallError) in try File.tryLock(lock) }
        guard isOurs else { throw .locked(folder: folder) }
        self.lock = lock
        let opened = try StateTables.open(
            folder: folder, membership: membership, ownership: ownership, options: options)
        environment = opened.environment
        tables = opened.tables
        applied = opened.position
        checkpointed = opened.position
        self.membership = opened.membership
        self.ownership = opened.ownership
        ties = opened.ties
        pendingSplit = opened.pendingSplit
        straySearch = StraySearch(in: opened.ownership)
        phase = .open(try opened.environment.begin())
    }

    /// True while a checkpoint is under way, when nothing but `finishCheckpoint` may be called.
    package var isCheckpointing: Bool {
        if case .checkpointing = phase { true } else { false }
    }

    /// The value of a key and its version, as of `applied`.
    package func versionedValue(of key: [UInt8]) throws(StateError) -> VersionedValue? {
        guard (1...StoreCommand.keyCountMax).contains(key.count) else { return nil }
        return try data(transaction()).value(of: key)
    }

    package func value(of key: [UInt8]) throws(StateError) -> [UInt8]? {
        try versionedValue(of: key)?.value
    }

    /// Pairs whose key starts with `prefix`, from the highest key downwards; nil when they have
    /// more bytes than that, or the memory of the process would be the client's to take.
    package func range(
        prefix: [UInt8], limit: Int, byteCountMax: Int = .max
    ) throws(StateError) -> [KeyValue]? {
        guard limit > 0, prefix.count <= StoreCommand.keyCountMax else { return [] }
        var found: [KeyValue] = []
        var byteCount = 0
        try data(transaction()).descend(below: Self.end(of: prefix)) { key, row in
            guard key.starts(with: prefix) else { return false }
            found.append(KeyValue(key: key, value: row.value))
            byteCount += key.count + row.value.count
            return found.count < limit && byteCount <= byteCountMax
        }
        return byteCount <= byteCountMax ? found : nil
    }

    /// Figures for INFO and for refusing writes before the map is full.
    package func usage() throws(StateError) -> StateUsage {
        let transaction = try transaction()
        return StateUsage(
            byteCount: environment.byteCount, mapSize: options.mapSize,
            keyCount: try transaction.count(of: tables.data),
            requestCount: try transaction.count(of: tables.order))
    }

    func data(_ transaction: LMDBTransaction) -> DataTable {
        DataTable(
            table: tables.data, transaction: transaction, path: environment.path, changed: changed)
    }

    func requests(_ transaction: LMDBTransaction) -> RequestTable {
        RequestTable(
            tables: tables,
            limits: RequestTable.Limits(
                countMax: options.requestCountMax, ageMax: options.requestAgeMax),
            transaction: transaction, path: environment.path, changed: changed)
    }

    func ledger(_ transaction: LMDBTransaction) -> TransactionLedger {
        TransactionLedger(tables: tables, transaction: transaction, path: environment.path)
    }

    func transaction() throws(StateError) -> LMDBTransaction {
        switch phase {
        case .open(let transaction): return transaction
        case .failed(let error): throw error
        case .checkpointing: preconditionFailure("the state is with its checkpoint")
        }
    }

    /// Gives up for good: what was not checkpointed is applied again by the next start.
    func fail(_ error: StateError) {
        if case .open(let transaction) = phase { transaction.abort() }
        phase = .failed(error)
    }

    /// The first key behind all that start with `prefix`; nil when there is none.
    static func end(of prefix: [UInt8]) -> [UInt8]? {
        var end = prefix
        while let last = end.popLast() {
            if last < 0xFF {
                end.append(last + 1)
                return end
            }
        }
        return nil
    }
}

/// How full the state is.
package struct StateUsage: Hashable, Sendable {
    /// Pages of the last checkpoint, in bytes; free ones in between included.
    package let byteCount: Int
    package let mapSize: Int
    package let keyCount: Int
    package let requestCount: Int
}
