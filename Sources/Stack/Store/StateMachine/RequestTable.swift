// Which requests were applied and what their answers were, so that a retry applies once (Ongaro's
// dissertation, 6.3). The table is part of the replicated state: it is in the snapshot and in the
// same transaction as the change that a request made.
//
// A client sends many requests at once, and over two connections or after a retry they reach the log
// in any order. So "the highest number seen" says nothing about a lower one: each request is
// remembered by itself, for as many further requests as the table holds. The oldest go first, by the
// index of the entry that applied them, so that every replica forgets the same one at the same entry.
//
// The limit of the promise: a retry that comes after `countMax` other requests is taken for a new one.
// Clients give a request up after a few seconds, in which no shard takes nearly as many.

import Wire

struct RequestTable {
    /// Client and number to the reply.
    let requests: LMDBTable
    /// Index of the entry, big-endian so that it sorts, to client and number. One row a request.
    let order: LMDBTable
    let countMax: Int

    /// The reply that a request was given, or nil for one that is new.
    func reply(
        to request: RequestID, _ transaction: LMDBTransaction, path: String
    ) throws(StateError) -> StoreReply? {
        guard let bytes = try transaction.value(of: Self.key(request), in: requests) else {
            return nil
        }
        guard let reply = Self.decode(bytes) else { throw .damaged(path: path) }
        return reply
    }

    /// Keeps the reply to a request that is new; returns how many had to be forgotten.
    func keep(
        _ reply: StoreReply, to request: RequestID, at index: UInt64,
        _ transaction: LMDBTransaction
    ) throws(StateError) -> Int {
        let key = Self.key(request)
        try transaction.put(reply.encoded, for: key, in: requests)
        try transaction.put(key, for: Self.bigEndian(index), in: order)
        return try forget(transaction)
    }

    private func forget(_ transaction: LMDBTransaction) throws(StateError) -> Int {
        var forgottenCount = 0
        while try transaction.count(of: order) > countMax,
            let oldest = try transaction.first(in: order)
        {
            try transaction.delete(oldest.value, in: requests)
            try transaction.delete(oldest.key, in: order)
            forgottenCount += 1
        }
        return forgottenCount
    }

    private static func decode(_ bytes: [UInt8]) -> StoreReply? {
        var reader = ByteReader(bytes.span)
        return try? StoreReply(decoding: &reader)
    }

    /// No two requests share a key: the number has a fixed length and stands last.
    private static func key(_ request: RequestID) -> [UInt8] {
        request.client + bigEndian(request.sequence)
    }

    private static func bigEndian(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }
}
