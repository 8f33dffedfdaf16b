// The commands on deadlines.

extension CacheEngine {
    mutating func runExpiry(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .expire: try expire(call, unit: 1000, isDate: false, into: &reply)
        case .pexpire: try expire(call, unit: 1, isDate: false, into: &reply)
        case .expireat: try expire(call, unit: 1000, isDate: true, into: &reply)
        case .pexpireat: try expire(call, unit: 1, isDate: true, into: &reply)
        case .ttl: timeToLive(call, unit: 1000, into: &reply)
        case .pttl: timeToLive(call, unit: 1, into: &reply)
        case .expiretime: date(call, unit: 1000, into: &reply)
        case .pexpiretime: date(call, unit: 1, into: &reply)
        case .persist: persist(call, into: &reply)
        default: preconditionFailure("not a command on deadlines: \(call.command)")
        }
    }

    /// -2 without the key, -1 without a deadline; seconds are rounded to the nearest, as Redis does it.
    private mutating func timeToLive(
        _ call: borrowing CommandCall, unit: Int64, into reply: inout ReplyBuffer
    ) {
        guard let index = keyspace.find(call[1], at: call.now, for: .peek) else {
            return reply.integer(-2)
        }
        guard let deadline = keyspace.deadline(of: index) else { return reply.integer(-1) }
        let left = deadline.milliseconds - call.now.milliseconds
        reply.integer((left + unit / 2) / unit)
    }

    /// The deadline as a date: since 1970, by the wall clock as it is now.
    private mutating func date(
        _ call: borrowing CommandCall, unit: Int64, into reply: inout ReplyBuffer
    ) {
        guard let index = keyspace.find(call[1], at: call.now, for: .peek) else {
            return reply.integer(-2)
        }
        guard let deadline = keyspace.deadline(of: index) else { return reply.integer(-1) }
        reply.integer((deadline.milliseconds + facts.wallAhead + unit / 2) / unit)
    }

    private mutating func persist(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        guard let index = keyspace.find(call[1], at: call.now, for: .write) else {
            return reply.integer(0)
        }
        reply.integer(keyspace.persist(index) ? 1 : 0)
    }

    private mutating func expire(
        _ call: borrowing CommandCall, unit: Int64, isDate: Bool, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let condition = try ExpireCondition(call)
        let (given, overflow) = try call.integer(2).multipliedReportingOverflow(by: unit)
        let start = isDate ? CacheTime(milliseconds: -facts.wallAhead) : call.now
        guard !overflow, let deadline = start.advanced(byMilliseconds: given) else {
            throw .invalidExpire(call.command)
        }
        guard let index = keyspace.find(call[1], at: call.now, for: .write),
            condition.permits(deadline, over: keyspace.deadline(of: index))
        else { return reply.integer(0) }
        keyspace.expire(index, at: deadline, now: call.now)
        reply.integer(1)
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
