// What a shard knows of transactions across shards, as tables of its replicated state: which keys
// are locked and by whom, what is prepared, and which decisions the others may still ask for.

import Wire

/// A transaction whose fate this shard does not know yet, or, at home, has not decided.
package struct PreparedTransaction: Hashable, Sendable {
    package let id: TransactionID
    package let part: TransactionPart
    /// At home: the client's request. Elsewhere nil.
    package let request: RequestID?
    /// At home: the other shards that take part. Elsewhere empty.
    package let participants: [UInt64]

    fileprivate var encoded: [UInt8] {
        var writer = ByteWriter()
        part.encode(into: &writer)
        writer.write(bytes: request?.client ?? [])
        writer.write(varint: request?.sequence ?? 0)
        writer.write(count: participants.count)
        for shard in participants { writer.write(varint: shard) }
        return writer.finish()
    }

    init(
        id: TransactionID, part: TransactionPart, request: RequestID? = nil,
        participants: [UInt64] = []
    ) {
        self.id = id
        self.part = part
        self.request = request
        self.participants = participants
    }

    fileprivate init?(id: TransactionID, decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes.span)
        guard let part = try? TransactionPart(decoding: &reader),
            let client = try? reader.readBytes(), let sequence = try? reader.readVarint(),
            let participants = try? Self.readShards(&reader)
        else { return nil }
        let request = client.isEmpty ? nil : RequestID(client: client, sequence: sequence)
        self.init(id: id, part: part, request: request, participants: participants)
    }

    fileprivate static func readShards(
        _ reader: inout ByteReader
    ) throws(ByteReaderError) -> [UInt64] {
        var shards: [UInt64] = []
        for _ in 0..<(try reader.readCount()) { shards.append(try reader.readVarint()) }
        return shards
    }
}

/// A transaction that committed at home and that some participant may not have finished.
package struct CommittedTransaction: Hashable, Sendable {
    package let id: TransactionID
    package let version: UInt64
    package let participants: [UInt64]

    fileprivate var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(varint: version)
        writer.write(count: participants.count)
        for shard in participants { writer.write(varint: shard) }
        return writer.finish()
    }

    init(id: TransactionID, version: UInt64, participants: [UInt64]) {
        self.id = id
        self.version = version
        self.participants = participants
    }

    fileprivate init?(id: TransactionID, decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes.span)
        guard let version = try? reader.readVarint(),
            let participants = try? PreparedTransaction.readShards(&reader)
        else { return nil }
        self.init(id: id, version: version, participants: participants)
    }
}

struct TransactionLedger {
    let tables: StateTables
    let transaction: LMDBTransaction
    /// Named in errors.
    let path: String

    // MARK: Locks

    /// The transaction that holds any of the keys; nil when all are free.
    func holder(ofAny keys: [[UInt8]]) throws(StateError) -> TransactionID? {
        // Most of the time nothing is locked, and then this costs one look at the table's root.
        if try transaction.count(of: tables.locks) == 0 { return nil }
        for key in keys {
            if let lock = try transaction.value(of: key, in: tables.locks) {
                return try id(of: lock)
            }
        }
        return nil
    }

    /// The transaction that is about to write any of the keys: a read has to wait for its end.
    func writer(ofAny keys: [[UInt8]]) throws(StateError) -> TransactionID? {
        if try transaction.count(of: tables.locks) == 0 { return nil }
        for key in keys {
            if let lock = try transaction.value(of: key, in: tables.locks), lock.last == 1 {
                return try id(of: lock)
            }
        }
        return nil
    }

    /// The same for all keys under a prefix.
    func writer(under prefix: [UInt8]) throws(StateError) -> TransactionID? {
        if try transaction.count(of: tables.locks) == 0 { return nil }
        var found: [UInt8]?
        try transaction.descend(tables.locks, below: KeyValueState.end(of: prefix)) { pair in
            guard pair.key.starts(with: prefix) else { return false }
            if pair.value.last == 1 { found = pair.value }
            return found == nil
        }
        return try found.map { lock throws(StateError) in try id(of: lock) }
    }

    private func id(of lock: [UInt8]) throws(StateError) -> TransactionID {
        guard let id = TransactionID(bytes: Array(lock.dropLast())) else {
            throw .damaged(path: path)
        }
        return id
    }

    // MARK: Prepared

    var preparedCount: Int {
        get throws(StateError) { try transaction.count(of: tables.prepared) }
    }

    func prepared(_ id: TransactionID) throws(StateError) -> PreparedTransaction? {
        try row(of: tables.prepared, id) { PreparedTransaction(id: id, decoding: $0) }
    }

    /// Keeps the record and locks its keys, which must be free.
    func prepare(_ record: PreparedTransaction) throws(StateError) {
        try transaction.put(record.encoded, for: record.id.bytes, in: tables.prepared)
        let part = record.part.transaction
        for condition in part.conditions {
            try transaction.put(record.id.bytes + [0], for: condition.key, in: tables.locks)
        }
        for write in part.writes {
            try transaction.put(record.id.bytes + [1], for: write.key, in: tables.locks)
        }
    }

    /// Drops the record and its locks.
    func release(_ record: PreparedTransaction) throws(StateError) {
        try transaction.delete(record.id.bytes, in: tables.prepared)
        for key in record.part.transaction.keys { try transaction.delete(key, in: tables.locks) }
    }

    func allPrepared() throws(StateError) -> [PreparedTransaction] {
        try rows(of: tables.prepared) { PreparedTransaction(id: $0, decoding: $1) }
    }

    // MARK: Committed

    var committedCount: Int {
        get throws(StateError) { try transaction.count(of: tables.committed) }
    }

    func committed(_ id: TransactionID) throws(StateError) -> CommittedTransaction? {
        try row(of: tables.committed, id) { CommittedTransaction(id: id, decoding: $0) }
    }

    func keep(_ record: CommittedTransaction) throws(StateError) {
        try transaction.put(record.encoded, for: record.id.bytes, in: tables.committed)
    }

    func forget(_ id: TransactionID) throws(StateError) {
        try transaction.delete(id.bytes, in: tables.committed)
    }

    func allCommitted() throws(StateError) -> [CommittedTransaction] {
        try rows(of: tables.committed) { CommittedTransaction(id: $0, decoding: $1) }
    }

    private func row<Row>(
        of table: LMDBTable, _ id: TransactionID, _ decode: ([UInt8]) -> Row?
    ) throws(StateError) -> Row? {
        guard let bytes = try transaction.value(of: id.bytes, in: table) else { return nil }
        guard let row = decode(bytes) else { throw .damaged(path: path) }
        return row
    }

    private func rows<Row>(
        of table: LMDBTable, _ decode: (TransactionID, [UInt8]) -> Row?
    ) throws(StateError) -> [Row] {
        if try transaction.count(of: table) == 0 { return [] }
        var rows: [Row] = []
        var isIntact = true
        try transaction.descend(table, below: nil) { pair in
            guard let row = TransactionID(bytes: pair.key).flatMap({ decode($0, pair.value) })
            else {
                isIntact = false
                return false
            }
            rows.append(row)
            return true
        }
        guard isIntact else { throw .damaged(path: path) }
        return rows
    }
}
