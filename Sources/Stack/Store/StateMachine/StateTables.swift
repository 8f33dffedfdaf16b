// The tables of the state and what its small `meta` table says: layout, position, members,
// and which keys are this shard's. Read when
// the state is opened and when a snapshot is examined.

import Linux
import Raft
import Wire

struct StateTables {
    /// Raised when the layout of the tables or of their values changes.
    static let format: UInt64 = 3

    /// Key to version and value, see DataTable.swift.
    let data: LMDBTable
    /// Client and number of a request to its reply.
    let requests: LMDBTable
    /// Index of the entry, big-endian so that it sorts, to client and number. One row a request.
    let order: LMDBTable
    /// Client to what is known of it, see RequestTable.swift.
    let sessions: LMDBTable
    /// Key to the transaction that holds it, see TransactionLedger.swift, as the two below.
    let locks: LMDBTable
    let prepared: LMDBTable
    let committed: LMDBTable
    let meta: LMDBTable

    /// What an opened file holds.
    struct Opened {
        let environment: LMDBEnvironment
        let tables: StateTables
        let position: LogPosition
        let membership: Membership
        let ownership: ShardOwnership
        let ties: ShardTies
        let pendingSplit: PendingSplit?
    }

    private enum Key {
        static let format = Array("format".utf8)
        static let applied = Array("applied".utf8)
        static let membership = Array("membership".utf8)
        static let ownership = Array("ownership".utf8)
        static let ties = Array("ties".utf8)
        static let split = Array("split".utf8)
    }

    static func path(in folder: String) -> String { folder + "/state.mdb" }

    /// Opens the folder's state; an empty folder gets tables with the given members, durably.
    static func open(
        folder: String, membership: Membership, ownership: ShardOwnership,
        options: KeyValueState.Options
    ) throws(StateError) -> Opened {
        let environment = try LMDBEnvironment(
            path: path(in: folder), mapSize: options.mapSize)
        let transaction = try environment.begin()
        let tables = try StateTables(transaction, creating: true)
        if try transaction.value(of: Key.format, in: tables.meta) == nil {
            var writer = ByteWriter()
            writer.write(u64: format)
            try transaction.put(writer.bytes, for: Key.format, in: tables.meta)
            try tables.put(.zero, transaction)
            try tables.put(membership, transaction)
            try tables.put(ownership, transaction)
        }
        let opened = try tables.read(transaction, environment)
        try transaction.commit()
        try system { () throws(SyscallError) in try File.syncDirectory(folder) }
        return opened
    }

    /// What a file holds, without changing it.
    static func examine(path: String, mapSize: Int) throws(StateError) -> Opened {
        let environment = try LMDBEnvironment(path: path, mapSize: mapSize, isReadOnly: true)
        let transaction = try environment.begin(isReadOnly: true)
        defer { transaction.abort() }
        let tables = try StateTables(transaction, creating: false)
        return try tables.read(transaction, environment)
    }

    init(_ transaction: LMDBTransaction, creating: Bool) throws(StateError) {
        data = try transaction.table("data", creating: creating)
        requests = try transaction.table("requests", creating: creating)
        order = try transaction.table("order", creating: creating)
        sessions = try transaction.table("sessions", creating: creating)
        locks = try transaction.table("locks", creating: creating)
        prepared = try transaction.table("prepared", creating: creating)
        committed = try transaction.table("committed", creating: creating)
        meta = try transaction.table("meta", creating: creating)
    }

    func put(_ position: LogPosition, _ transaction: LMDBTransaction) throws(StateError) {
        var writer = ByteWriter()
        writer.write(u64: position.index.rawValue)
        writer.write(u64: position.term.rawValue)
        try transaction.put(writer.bytes, for: Key.applied, in: meta)
    }

    /// A replica that was invited has no members until its leader tells it: no bytes.
    func put(_ membership: Membership, _ transaction: LMDBTransaction) throws(StateError) {
        var bytes: [UInt8] = []
        if membership != .joining { membership.encode(into: &bytes) }
        try transaction.put(bytes, for: Key.membership, in: meta)
    }

    func put(_ ownership: ShardOwnership, _ transaction: LMDBTransaction) throws(StateError) {
        try transaction.put(ownership.encoded, for: Key.ownership, in: meta)
    }

    func put(_ ties: ShardTies, _ transaction: LMDBTransaction) throws(StateError) {
        try transaction.put(ties.encoded, for: Key.ties, in: meta)
    }

    /// Nil where nothing was ever written of any.
    func ties(
        _ transaction: LMDBTransaction, path: String
    ) throws(StateError) -> ShardTies? {
        guard let bytes = try transaction.value(of: Key.ties, in: meta) else { return nil }
        guard let ties = try? ShardTies(decoding: bytes) else { throw .damaged(path: path) }
        return ties
    }

    func put(_ split: PendingSplit?, _ transaction: LMDBTransaction) throws(StateError) {
        try transaction.put(split?.encoded ?? [], for: Key.split, in: meta)
    }

    private func read(
        _ transaction: LMDBTransaction, _ environment: LMDBEnvironment
    ) throws(StateError) -> Opened {
        guard let format = try transaction.value(of: Key.format, in: meta),
            let applied = try transaction.value(of: Key.applied, in: meta),
            let members = try transaction.value(of: Key.membership, in: meta),
            let owned = try transaction.value(of: Key.ownership, in: meta)
        else { throw .damaged(path: environment.path) }
        guard let version = try? Self.readNumber(format) else {
            throw .damaged(path: environment.path)
        }
        if version != Self.format { throw .unknownFormat(version: version) }
        guard let position = try? Self.readPosition(applied),
            let membership = try? members.isEmpty ? .joining : Membership(decoding: members.span),
            let ownership = try? ShardOwnership(decoding: owned)
        else { throw .damaged(path: environment.path) }
        let split = try transaction.value(of: Key.split, in: meta) ?? []
        let pending = split.isEmpty ? nil : try? PendingSplit(decoding: split)
        guard split.isEmpty || pending != nil else { throw .damaged(path: environment.path) }
        let ties = try ties(transaction, path: environment.path) ?? ShardTies()
        return Opened(
            environment: environment, tables: self, position: position, membership: membership,
            ownership: ownership, ties: ties, pendingSplit: pending)
    }

    private static func readNumber(_ bytes: [UInt8]) throws(ByteReaderError) -> UInt64 {
        var reader = ByteReader(bytes.span)
        return try reader.readU64()
    }

    private static func readPosition(_ bytes: [UInt8]) throws(ByteReaderError) -> LogPosition {
        var reader = ByteReader(bytes.span)
        return LogPosition(
            index: LogIndex(try reader.readU64()), term: Term(try reader.readU64()))
    }
}
