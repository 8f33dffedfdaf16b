// Leases on keys that are missing, by which many clients fill a cache without a herd and without stale sets
// (`LeaseTable`). They are not Redis'; a client finds out whether a server has them by the answer to the first.
//
//     LEASE GET key ms            HIT value pttl     it is there; pttl as PTTL has it
//                                 FILL token         yours to fill within `ms`
//                                 WAIT ms token      somebody else fills it with that token, and has
//                                                    that long left
//                                 FREE               no lease to be had: read the source, and do not set
//     LEASE TAKE key ms           FILL, WAIT or FREE, whether the key is there or not: to refresh it
//     LEASE SET key token value PX ms
//                                 OK, or null: the token is void, and nothing was set
//     LEASE DROP key token        1, or 0: the token was void; the next to miss fills
//
// DEL of a key makes its token void, there or not; so does every change of it, and a flush.

extension CacheEngine {
    /// The longest that a fill may hold a key, in milliseconds.
    static let leaseMax: Int64 = 60_000

    mutating func runLease(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.count {
        case 4 where call.word(1, is: "GET"): try leaseGet(call, into: &reply)
        case 4 where call.word(1, is: "TAKE"): try leaseTake(call, into: &reply)
        case 4 where call.word(1, is: "DROP"):
            let token = UInt64(bitPattern: try call.integer(3))
            reply.integer(keyspace.leases.redeem(call[2], token: token) ? 1 : 0)
        case 7 where call.word(1, is: "SET"): try leaseSet(call, into: &reply)
        default: throw .unknownSubcommand(call.text(1), of: .lease)
        }
    }

    private mutating func leaseGet(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let hold = try hold(call)
        guard let index = keyspace.find(call[2], at: call.now, for: .read) else {
            return take(call, hold, into: &reply)
        }
        guard keyspace.isString(index) else { throw .wrongType }
        reply.arrayHeader(count: 3)
        reply.bulk("HIT")
        reply.bulk(keyspace.string(of: index))
        let deadline = keyspace.deadline(of: index)
        reply.integer(deadline.map { $0.milliseconds - call.now.milliseconds } ?? -1)
    }

    private mutating func leaseTake(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        take(call, try hold(call), into: &reply)
    }

    private mutating func take(
        _ call: borrowing CommandCall, _ hold: Int64, into reply: inout ReplyBuffer
    ) {
        switch keyspace.leases.take(call[2], holding: hold, at: call.now) {
        case .granted(let token)?:
            reply.arrayHeader(count: 2)
            reply.bulk("FILL")
            reply.integer(Int64(bitPattern: token))
        case .held(let milliseconds, let token)?:
            reply.arrayHeader(count: 3)
            reply.bulk("WAIT")
            reply.integer(milliseconds)
            reply.integer(Int64(bitPattern: token))
        case nil:
            reply.arrayHeader(count: 1)
            reply.bulk("FREE")
        }
    }

    private mutating func leaseSet(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.word(5, is: "PX") else { throw .syntax }
        let token = UInt64(bitPattern: try call.integer(3))
        let deadline = try call.deadline(word: 6, unit: 1)
        guard keyspace.leases.redeem(call[2], token: token) else {
            keyspace.leases.statistics.refused += 1
            return reply.null()
        }
        try write(call[2], call[4], deadline: .set(deadline), at: call.now)
        if replication != nil {
            replication?.rewrite = StoredCommand([
                [UInt8]("SET".utf8), [UInt8](copying: call[2]), [UInt8](copying: call[4]),
                [UInt8]("PX".utf8), [UInt8](copying: call[6]),
            ])
        }
        reply.ok()
    }

    private func hold(_ call: borrowing CommandCall) throws(CommandError) -> Int64 {
        let milliseconds = try call.integer(3)
        guard (1...CacheEngine.leaseMax).contains(milliseconds) else {
            throw .invalidExpire(call.command)
        }
        return milliseconds
    }
}
