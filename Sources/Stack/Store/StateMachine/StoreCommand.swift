// What the replicated log carries: the commands that change the store, and who asked for each.
//
// Pure: a command that was built or decoded is within every limit of the state machine, so applying
// it never fails on its contents, on no replica.
//
//      +-----+---------------------+--------------+----------------------------------+
//      | tag | client (len, bytes) | seq (varint) | fields of the action             |
//      +-----+---------------------+--------------+----------------------------------+
//        1 set: key, value      2 increment: key, n (zigzag)      3 once: token, key, value
//        4 delete: key          5 transact: conditions, writes    6 open a session: nothing
//        7 to 11 steps of a transaction across shards, see TransactionStep.swift
//        12 checksum: nothing   13 to 21 steps of a merge, see MergeStep.swift
//
// A client of no bytes, with the number 0, means that the command has no request: it counts as
// often as it is sent.

package import Wire

/// One change that a client asks for.
package struct StoreCommand: Hashable, Sendable {
    /// LMDB's limit in its default build (mdb_env_get_maxkeysize).
    package static let keyCountMax = 511
    /// Bytes of a value; a command has to fit into one record of the log.
    package static let valueCountMax = 512 * 1024

    package enum Action: Hashable, Sendable {
        case set(key: [UInt8], value: [UInt8])
        /// The value is decimal text, as Redis keeps it; a missing key counts as 0.
        case increment(key: [UInt8], by: Int64)
        /// Sets `token` and `key`, or neither when the token is there already.
        case once(token: [UInt8], key: [UInt8], value: [UInt8])
        case delete(key: [UInt8])
        case transact(Transaction)
        /// Has no request of its own: a second opening is another session.
        case openSession
        case step(TransactionStep)
        /// Changes nothing: every replica looks at what it has there.
        case checksum
        case merge(MergeStep)
    }

    /// Nil for a command that counts as often as it is sent.
    package let request: RequestID?
    package let action: Action

    package init(request: RequestID?, action: Action) throws(StoreCommandError) {
        if let request, !(1...RequestID.clientCountMax).contains(request.client.count) {
            throw .clientLength(request.client.count)
        }
        switch action {
        case .set(let key, let value):
            try Self.check(key: key)
            try Self.check(value: value)
        case .increment(let key, _), .delete(let key): try Self.check(key: key)
        case .once(let token, let key, let value):
            try Self.check(key: token)
            try Self.check(key: key)
            try Self.check(value: value)
        case .transact, .openSession, .step, .checksum, .merge: break
        }
        self.request = request
        self.action = action
    }

    static func check(key: [UInt8]) throws(StoreCommandError) {
        guard (1...keyCountMax).contains(key.count) else { throw .keyLength(key.count) }
    }

    static func check(value: [UInt8]) throws(StoreCommandError) {
        if value.count > valueCountMax { throw .valueLength(value.count) }
    }
}

extension StoreCommand.Action {
    /// Every key that it touches; all have to be this shard's.
    package var keys: [[UInt8]] {
        switch self {
        case .set(let key, _), .increment(let key, _), .delete(let key): [key]
        case .once(let token, let key, _): [token, key]
        case .transact(let transaction): transaction.keys
        case .openSession, .checksum, .merge: []
        case .step(let step): step.part?.transaction.keys ?? []
        }
    }
}

/// Why bytes or fields are no command.
package enum StoreCommandError: Error, Hashable, Sendable, CustomStringConvertible {
    case clientLength(Int)
    case keyLength(Int)
    case valueLength(Int)
    case operationCount(Int)
    case transactionSize(Int)
    case writtenTwice([UInt8])
    case malformed(ByteReaderError)

    package var description: String {
        switch self {
        case .clientLength(let count):
            "a client id has 1 to \(RequestID.clientCountMax) bytes, not \(count)"
        case .keyLength(let count):
            "a key has 1 to \(StoreCommand.keyCountMax) bytes, not \(count)"
        case .valueLength(let count):
            "a value has at most \(StoreCommand.valueCountMax) bytes, not \(count)"
        case .operationCount(let count):
            "a transaction has 1 to \(Transaction.operationsMax) operations, not \(count)"
        case .transactionSize(let count):
            "a transaction has at most \(Transaction.byteCountMax) bytes, not \(count)"
        case .writtenTwice(let key):
            "a transaction writes '\(String(decoding: key.prefix(64), as: UTF8.self))' twice"
        case .malformed(let error): "not a command: \(error.reason) at byte \(error.offset)"
        }
    }

    /// Whether something is longer or more than may be, as opposed to making no sense.
    package var isSize: Bool {
        switch self {
        case .clientLength, .keyLength, .valueLength, .operationCount, .transactionSize: true
        case .writtenTwice, .malformed: false
        }
    }
}
