// The commands on keys as such: existence, deadlines, and emptying the whole.

extension CacheEngine {
    mutating func delete(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        var removed = 0
        for word in 1..<call.count where keyspace.remove(call[word], at: call.now) { removed += 1 }
        reply.integer(removed)
    }

    /// A key named twice counts twice, as in Redis.
    mutating func exists(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        var found = 0
        for word in 1..<call.count
        where keyspace.find(call[word], at: call.now, for: .peek) != nil { found += 1 }
        reply.integer(found)
    }

    mutating func type(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        let index = keyspace.find(call[1], at: call.now, for: .peek)
        reply.simple(index == nil ? "none" : "string")
    }

    /// -2 without the key, -1 without a deadline; seconds are rounded to the nearest, as Redis does it.
    mutating func timeToLive(
        _ call: borrowing CommandCall, unit: Int64, into reply: inout ReplyBuffer
    ) {
        guard let index = keyspace.find(call[1], at: call.now, for: .peek) else {
            return reply.integer(-2)
        }
        guard let deadline = keyspace.deadline(of: index) else { return reply.integer(-1) }
        let left = deadline.milliseconds - call.now.milliseconds
        reply.integer((left + unit / 2) / unit)
    }

    mutating func persist(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        guard let index = keyspace.find(call[1], at: call.now, for: .write) else {
            return reply.integer(0)
        }
        reply.integer(keyspace.persist(index) ? 1 : 0)
    }

    mutating func expire(
        _ call: borrowing CommandCall, unit: Int64, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let condition = try ExpireCondition(call)
        let (delta, overflow) = try call.integer(2).multipliedReportingOverflow(by: unit)
        guard !overflow, let deadline = call.now.advanced(byMilliseconds: delta) else {
            throw .invalidExpire(call.command)
        }
        guard let index = keyspace.find(call[1], at: call.now, for: .write),
            condition.permits(deadline, over: keyspace.deadline(of: index))
        else { return reply.integer(0) }
        keyspace.expire(index, at: deadline, now: call.now)
        reply.integer(1)
    }

    mutating func flush(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let isKnown = call.count == 2 && (call.word(1, is: "SYNC") || call.word(1, is: "ASYNC"))
        guard call.count == 1 || isKnown else { throw .syntax }
        keyspace.flush()
        reply.ok()
    }
}

/// The NX, XX, GT and LT of EXPIRE (Redis 7.0).
struct ExpireCondition: Equatable {
    private var ifNone = false
    private var ifSome = false
    private var ifLater = false
    private var ifSooner = false

    init(_ call: borrowing CommandCall) throws(CommandError) {
        for word in 3..<max(3, call.count) {
            if call.word(word, is: "NX") {
                ifNone = true
            } else if call.word(word, is: "XX") {
                ifSome = true
            } else if call.word(word, is: "GT") {
                ifLater = true
            } else if call.word(word, is: "LT") {
                ifSooner = true
            } else {
                throw .unsupportedOption(call.text(word))
            }
        }
        guard !(ifNone && (ifSome || ifLater || ifSooner)) else { throw .incompatibleExpireOptions }
        guard !(ifLater && ifSooner) else { throw .incompatibleOrderOptions }
    }

    /// A key without a deadline counts as one that expires at the end of time.
    func permits(_ wanted: CacheTime, over current: CacheTime?) -> Bool {
        if ifNone, current != nil { return false }
        if ifSome, current == nil { return false }
        if ifLater, current.map({ wanted <= $0 }) ?? true { return false }
        if ifSooner, current.map({ wanted >= $0 }) ?? false { return false }
        return true
    }
}
