// The commands on strings: GET, SET and their relatives, and counters.

extension CacheEngine {
    mutating func runString(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .setnx: try setIfAbsent(call, into: &reply)
        case .setex: try setExpiring(call, unit: 1000, into: &reply)
        case .psetex: try setExpiring(call, unit: 1, into: &reply)
        case .getset: try getAndSet(call, into: &reply)
        case .getdel: try getAndDelete(call, into: &reply)
        case .getex: try getAndExpire(call, into: &reply)
        case .mset: try setMany(call, into: &reply)
        case .msetnx: try setManyIfAbsent(call, into: &reply)
        case .append: try append(call, into: &reply)
        case .strlen: try length(call, into: &reply)
        case .getrange: try getRange(call, into: &reply)
        case .setrange: try setRange(call, into: &reply)
        case .decr: try add(-1, call, into: &reply)
        case .incrby: try add(call.integer(2), call, into: &reply)
        case .decrby: try subtract(call, into: &reply)
        default: preconditionFailure("not a command on strings: \(call.command)")
        }
    }

    mutating func get(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        _ = try appendString(of: call[1], at: call.now, into: &reply)
    }

    mutating func getMany(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        call.warm(from: 1, in: &keyspace)
        reply.arrayHeader(count: call.count - 1)
        for word in 1..<call.count {
            let index = keyspace.find(call[word], at: call.now, for: .read)
            if let index, keyspace.isString(index) {
                keyspace.reply(with: index, into: &reply)
            } else {
                reply.null()
            }
        }
    }

    mutating func set(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count > 3 else {
            try write(call[1], call[2], deadline: .clear, at: call.now)
            return reply.ok()
        }
        let options = try SetOptions(call, wallAhead: facts.wallAhead)
        guard options.isPlain else { return try setConditionally(call, options, into: &reply) }
        try write(call[1], call[2], deadline: options.deadline, at: call.now)
        reply.ok()
    }

    mutating func add(
        _ delta: Int64, _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        do throws(WriteRefusal) {
            reply.integer(try keyspace.increment(call[1], by: delta, at: call.now))
        } catch {
            throw CommandError(error)
        }
    }

    private mutating func getAndSet(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        var answer = ReplyBuffer(version: reply.version)
        _ = try appendString(of: call[1], at: call.now, into: &answer)
        try write(call[1], call[2], deadline: .clear, at: call.now)
        reply.append(answer)
    }

    private mutating func getAndDelete(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard let index = try appendString(of: call[1], at: call.now, into: &reply) else { return }
        keyspace.remove(index)
    }

    private mutating func getAndExpire(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let change = try getexDeadline(call)
        guard let index = try appendString(of: call[1], at: call.now, into: &reply) else { return }
        switch change {
        case .keep: break
        case .clear: _ = keyspace.persist(index)
        case .set(let deadline): keyspace.expire(index, at: deadline, now: call.now)
        }
    }

    private mutating func length(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let index = try string(call[1], at: call.now, for: .read)
        reply.integer(index.map { keyspace.stringCount(of: $0) } ?? 0)
    }

    /// Offsets from the end are negative, as in Redis.
    private mutating func getRange(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let (start, end) = (try call.integer(2), try call.integer(3))
        guard let index = try string(call[1], at: call.now, for: .read) else {
            return reply.bulk("")
        }
        let bytes = keyspace.string(of: index)
        let range = IndexRange.clamped(start, end, count: bytes.count)
        reply.bulk(bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound])
    }

    private mutating func setRange(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let offset = try call.integer(2)
        guard offset >= 0 else { throw .offsetOutOfRange }
        guard offset + Int64(call[3].count) <= Int64(CommandLimits.sizeMax) else {
            throw .valueTooLarge
        }
        let index = try string(call[1], at: call.now, for: .write)
        var bytes = index.map { [UInt8](keyspace.string(of: $0)) } ?? []
        guard call[3].count > 0 else { return reply.integer(bytes.count) }
        let end = Int(offset) + call[3].count
        if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(Int(offset)..<end, with: [UInt8](copying: call[3]))
        try write(call[1], bytes.span, deadline: .keep, at: call.now)
        reply.integer(bytes.count)
    }

    private mutating func setIfAbsent(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard keyspace.find(call[1], at: call.now, for: .write) == nil else {
            return reply.integer(0)
        }
        try write(call[1], call[2], deadline: .clear, at: call.now)
        reply.integer(1)
    }

    private mutating func setExpiring(
        _ call: borrowing CommandCall, unit: Int64, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let deadline = try call.deadline(word: 2, unit: unit)
        try write(call[1], call[3], deadline: .set(deadline), at: call.now)
        reply.ok()
    }

    private mutating func setMany(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        try writeMany(call)
        reply.ok()
    }

    private mutating func setManyIfAbsent(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count % 2 == 1 else { throw .wrongArity(call.command) }
        for word in stride(from: 1, to: call.count, by: 2)
        where keyspace.find(call[word], at: call.now, for: .write) != nil {
            return reply.integer(0)
        }
        try writeMany(call)
        reply.integer(1)
    }

    private mutating func writeMany(_ call: borrowing CommandCall) throws(CommandError) {
        guard call.count % 2 == 1 else { throw .wrongArity(call.command) }
        // All or nothing: the one refusal that a write can meet is looked for first.
        for word in stride(from: 1, to: call.count, by: 2) {
            guard keyspace.canHold(keyCount: call[word].count, valueCount: call[word + 1].count)
            else { throw .outOfMemory }
        }
        for word in stride(from: 1, to: call.count, by: 2) {
            try write(call[word], call[word + 1], deadline: .clear, at: call.now)
        }
    }

    private mutating func append(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let old = try string(call[1], at: call.now, for: .write)
        let total = (old.map { keyspace.stringCount(of: $0) } ?? 0) + call[2].count
        guard total <= CommandLimits.sizeMax else { throw .valueTooLarge }
        do throws(WriteRefusal) {
            reply.integer(try keyspace.append(call[2], to: call[1], at: call.now))
        } catch {
            throw CommandError(error)
        }
    }

    private mutating func subtract(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let delta = try call.integer(2)
        guard delta != .min else { throw .decrementOverflow }
        try add(-delta, call, into: &reply)
    }

    private mutating func setConditionally(
        _ call: borrowing CommandCall, _ options: SetOptions, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let purpose: LookupPurpose = options.answersOld ? .read : .write
        let old = keyspace.find(call[1], at: call.now, for: purpose)
        let permitted =
            switch options.condition {
            case .always: true
            case .absent: old == nil
            case .present: old != nil
            }
        var answer = ReplyBuffer(version: reply.version)
        if options.answersOld, let old {
            guard keyspace.isString(old) else { throw .wrongType }
            answer.bulk(keyspace.string(of: old))
        } else {
            answer.null()
        }
        if permitted {
            try write(call[1], call[2], deadline: options.deadline, at: call.now)
            if !options.answersOld { return reply.ok() }
        }
        reply.append(answer)
    }

    mutating func write(
        _ key: Span<UInt8>, _ value: Span<UInt8>, deadline: DeadlineChange, at now: CacheTime
    ) throws(CommandError) {
        do throws(WriteRefusal) {
            try keyspace.set(key, to: value, deadline: deadline, at: now)
        } catch {
            throw CommandError(error)
        }
    }

    /// The entry of a string; nil without one.
    private mutating func string(
        _ key: Span<UInt8>, at now: CacheTime, for purpose: LookupPurpose
    ) throws(CommandError) -> EntryIndex? {
        guard let index = keyspace.find(key, at: now, for: purpose) else { return nil }
        guard keyspace.isString(index) else { throw .wrongType }
        return index
    }

    private mutating func appendString(
        of key: Span<UInt8>, at now: CacheTime, into reply: inout ReplyBuffer
    ) throws(CommandError) -> EntryIndex? {
        guard let index = try string(key, at: now, for: .read) else {
            reply.null()
            return nil
        }
        keyspace.reply(with: index, into: &reply)
        return index
    }

    private func getexDeadline(_ call: borrowing CommandCall) throws(CommandError) -> DeadlineChange
    {
        switch call.count {
        case 2: return .keep
        case 3 where call.word(2, is: "PERSIST"): return .clear
        case 4 where call.word(2, is: "EX"): return .set(try call.deadline(word: 3, unit: 1000))
        case 4 where call.word(2, is: "PX"): return .set(try call.deadline(word: 3, unit: 1))
        default: throw .syntax
        }
    }
}

/// Ranges as Redis takes them: both ends included, negative ones counted from the end.
enum IndexRange {
    static func clamped(_ start: Int64, _ end: Int64, count: Int) -> Range<Int> {
        let size = Int64(count)
        let first = max(0, start < 0 ? start + size : start)
        let last = min(size - 1, end < 0 ? end + size : end)
        return first > last ? 0..<0 : Int(first)..<Int(last) + 1
    }
}
