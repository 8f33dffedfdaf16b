// Who asked last and what the answer was, so that a retried request applies once (Ongaro's thesis,
// section 6.3). The table is part of the replicated state: it is in the snapshot and in the same
// transaction as the change that a request made.
//
// A client has one request outstanding at a time and numbers them upwards, so one reply a client is
// enough. The table is bounded. The client that was silent for longest goes first, by the index of
// the entry that it last used, so that every replica lets go of the same one at the same entry.
//
// The limit of the promise: a client that retries after as many other clients as the table holds
// have written meanwhile is not recognized. `countMax` is therefore far above the clients that can
// write during the longest time that a client goes on retrying.

import Wire

struct SessionTable {
    /// Client to sequence, index of last use, reply.
    let sessions: LMDBTable
    /// Index of last use, big-endian so that it sorts, to client. One row for each session.
    let recency: LMDBTable
    let countMax: Int

    /// What the table says to a request before it is applied.
    enum Verdict: Equatable {
        case new(Session?)
        /// The same request was applied; this was the answer.
        case repeated(StoreReply)
        /// A later one was applied.
        case superseded
    }

    struct Session: Equatable {
        let sequence: UInt64
        let lastUse: UInt64
        let reply: StoreReply
    }

    func judge(
        _ request: RequestID, _ transaction: LMDBTransaction, path: String
    ) throws(StateError) -> Verdict {
        guard let bytes = try transaction.value(of: request.client, in: sessions) else {
            return .new(nil)
        }
        guard let session = Self.decode(bytes) else { throw .damaged(path: path) }
        if request.sequence == session.sequence { return .repeated(session.reply) }
        return request.sequence < session.sequence ? .superseded : .new(session)
    }

    /// Keeps the reply in place of the client's older one; returns how many clients had to go.
    func keep(
        _ reply: StoreReply, to request: RequestID, at index: UInt64, replacing old: Session?,
        _ transaction: LMDBTransaction
    ) throws(StateError) -> Int {
        if let old { try transaction.delete(Self.recencyKey(old.lastUse), in: recency) }
        var writer = ByteWriter()
        writer.write(u64: request.sequence)
        writer.write(u64: index)
        writer.write(raw: reply.encoded.span)
        try transaction.put(writer.bytes, for: request.client, in: sessions)
        try transaction.put(request.client, for: Self.recencyKey(index), in: recency)
        return try evict(transaction)
    }

    private func evict(_ transaction: LMDBTransaction) throws(StateError) -> Int {
        var evictedCount = 0
        while try transaction.count(of: sessions) > countMax,
            let oldest = try transaction.first(in: recency)
        {
            try transaction.delete(oldest.value, in: sessions)
            try transaction.delete(oldest.key, in: recency)
            evictedCount += 1
        }
        return evictedCount
    }

    private static func decode(_ bytes: [UInt8]) -> Session? {
        var reader = ByteReader(bytes.span)
        guard let sequence = try? reader.readU64(), let lastUse = try? reader.readU64(),
            let reply = try? StoreReply(decoding: &reader)
        else { return nil }
        return Session(sequence: sequence, lastUse: lastUse, reply: reply)
    }

    private static func recencyKey(_ index: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: index >> UInt64($0)) }
    }
}
