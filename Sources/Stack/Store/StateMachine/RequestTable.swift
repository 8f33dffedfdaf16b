// Which requests were applied and what their answers were, so that a retry applies once (Ongaro's
// dissertation, 6.3). The table is part of the replicated state: it is in the snapshot and in the
// same transaction as the change that a request made.
//
// A client sends many requests at once, and over two connections or after a retry they reach the log
// in any order. So "the highest number seen" says nothing about a lower one: each request is
// remembered by itself. The table is bounded twice, by the number of requests and by their age in
// log positions, and the oldest go first, by the index of the entry that applied them: every replica
// forgets the same one at the same entry.
//
// What forgetting must not do is let a late retry count again. A session outlives its requests by
// what it has to know about them: `forgottenThrough`, the highest number of any that was forgotten.
// A number at or below it that is not in the table may have been applied, so it is answered
// `expired` and not applied. A session whose last request is forgotten goes, too. From then on
//
//  - a session that the store opened (`SESSION`, names with `@`) is unknown, and since no entry can
//    open that name again, everything sent under it is expired, for ever. This is the safe kind: no
//    retry is applied twice, however late it comes. A client that is told so opens another session
//    for what it sends next, and treats the request at hand as one whose outcome is not known.
//  - a name of the client's own making cannot be told from one that is new. It opens a new session,
//    and a retry that comes later than `countMax` requests or `ageMax` positions counts once more.
//    That is for people with redis-cli and for load generators: what apps and workers change they
//    change under sessions (WriteSessions.swift of Endpoints).

import Wire

struct RequestTable {
    struct Limits: Hashable {
        /// Requests that are remembered, all sessions together.
        let countMax: Int
        /// Log positions for which a request is remembered.
        let ageMax: UInt64
    }

    /// What is known of a request that comes up for applying.
    enum Standing: Equatable {
        case new
        case answered(StoreReply)
        case expired
    }

    let tables: StateTables
    let limits: Limits
    let transaction: LMDBTransaction
    /// Named in errors.
    let path: String
    /// Told of every request that is kept.
    var changed: ChangedRows?

    func standing(of request: RequestID) throws(StateError) -> Standing {
        if let bytes = try transaction.value(of: Self.key(request), in: tables.requests) {
            guard let reply = Self.decode(bytes) else { throw .damaged(path: path) }
            return .answered(reply)
        }
        guard let session = try session(of: request.client) else {
            return request.isRegistered ? .expired : .new
        }
        if let through = session.forgottenThrough, request.sequence <= through { return .expired }
        return .new
    }

    /// Keeps the reply to a request that is new; returns how many had to be forgotten.
    func keep(
        _ reply: StoreReply, to request: RequestID, at index: UInt64
    ) throws(StateError) -> Int {
        let key = Self.key(request)
        changed?.note(.request(key))
        try transaction.put(reply.encoded, for: key, in: tables.requests)
        try transaction.put(key, for: Self.bigEndian(index), in: tables.order)
        var session = try session(of: request.client) ?? Session()
        session.rememberedCount += 1
        try transaction.put(session.encoded, for: request.client, in: tables.sessions)
        return try forget(at: index)
    }

    /// Takes in what another shard knows; returns how many had to be forgotten. All of them count as
    /// applied now, told apart by four more bytes of their place.
    func adopt(
        _ requests: [KeyValue], _ sessions: [KeyValue], at index: UInt64
    ) throws(StateError) -> Int {
        for (number, pair) in requests.enumerated() {
            // Known here, too, since before a split of the two.
            if try transaction.value(of: pair.key, in: tables.requests) != nil { continue }
            let client = Array(pair.key.dropLast(8))
            try transaction.put(pair.value, for: pair.key, in: tables.requests)
            let place = Self.bigEndian(index) + Self.bigEndian(UInt64(number)).suffix(4)
            try transaction.put(pair.key, for: place, in: tables.order)
            var session = try session(of: client) ?? Session()
            session.rememberedCount += 1
            try transaction.put(session.encoded, for: client, in: tables.sessions)
        }
        for pair in sessions {
            guard let other = Session(decoding: pair.value) else { throw .damaged(path: path) }
            guard let through = other.forgottenThrough, var own = try session(of: pair.key) else {
                continue
            }
            own.forgottenThrough = max(own.forgottenThrough ?? 0, through)
            try transaction.put(own.encoded, for: pair.key, in: tables.sessions)
        }
        return try forget(at: index)
    }

    private func forget(at index: UInt64) throws(StateError) -> Int {
        var forgottenCount = 0
        while let oldest = try transaction.first(in: tables.order) {
            guard let place = Self.number(Array(oldest.key.prefix(8))) else {
                throw .damaged(path: path)
            }
            let isOld = index - min(place, index) > limits.ageMax
            let count = try transaction.count(of: tables.order)
            guard isOld || count > limits.countMax else { break }
            try transaction.delete(oldest.key, in: tables.order)
            try forget(requestKey: oldest.value)
            forgottenCount += 1
        }
        return forgottenCount
    }

    private func forget(requestKey key: [UInt8]) throws(StateError) {
        try transaction.delete(key, in: tables.requests)
        let client = Array(key.dropLast(8))
        guard let sequence = Self.number(Array(key.suffix(8))),
            var session = try session(of: client)
        else { throw .damaged(path: path) }
        session.rememberedCount -= 1
        session.forgottenThrough = max(session.forgottenThrough ?? 0, sequence)
        if session.rememberedCount == 0 {
            try transaction.delete(client, in: tables.sessions)
        } else {
            try transaction.put(session.encoded, for: client, in: tables.sessions)
        }
    }

    private func session(of client: [UInt8]) throws(StateError) -> Session? {
        guard let bytes = try transaction.value(of: client, in: tables.sessions) else {
            return nil
        }
        guard let session = Session(decoding: bytes) else { throw .damaged(path: path) }
        return session
    }

    private static func decode(_ bytes: [UInt8]) -> StoreReply? {
        var reader = ByteReader(bytes.span)
        return try? StoreReply(decoding: &reader)
    }

    /// No two requests share a key: the number has a fixed length and stands last.
    private static func key(_ request: RequestID) -> [UInt8] {
        request.client + bigEndian(request.sequence)
    }

    static func bigEndian(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }

    static func number(_ bigEndian: [UInt8]) -> UInt64? {
        guard bigEndian.count == 8 else { return nil }
        return bigEndian.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What is known of a client as long as one of its requests is remembered.
private struct Session {
    var rememberedCount: UInt64 = 0
    /// The highest number of a request that was forgotten.
    var forgottenThrough: UInt64?

    init() {}

    init?(decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes.span)
        do throws(ByteReaderError) {
            rememberedCount = try reader.readVarint()
            if try reader.readBool() { forgottenThrough = try reader.readVarint() }
            try reader.expectEnd()
        } catch {
            return nil
        }
        guard rememberedCount > 0 else { return nil }
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(varint: rememberedCount)
        writer.write(bool: forgottenThrough != nil)
        if let forgottenThrough { writer.write(varint: forgottenThrough) }
        return writer.finish()
    }
}
