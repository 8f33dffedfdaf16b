// The commands on values: GET, SET and their relatives, and counters.

extension CacheEngine {
    mutating func get(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        _ = appendValue(of: call[1], at: call.now, into: &reply)
    }

    mutating func getAndDelete(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        guard let index = appendValue(of: call[1], at: call.now, into: &reply) else { return }
        keyspace.remove(index)
    }

    mutating func getAndExpire(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let change = try getexDeadline(call)
        guard let index = appendValue(of: call[1], at: call.now, into: &reply) else { return }
        switch change {
        case .keep: break
        case .clear: _ = keyspace.persist(index)
        case .set(let deadline): keyspace.expire(index, at: deadline, now: call.now)
        }
    }

    mutating func getMany(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        reply.arrayHeader(count: call.count - 1)
        for word in 1..<call.count { _ = appendValue(of: call[word], at: call.now, into: &reply) }
    }

    mutating func length(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        let index = keyspace.find(call[1], at: call.now, for: .read)
        reply.integer(index.map { keyspace.valueCount(of: $0) } ?? 0)
    }

    mutating func set(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try SetOptions(call)
        guard options.isPlain else { return try setConditionally(call, options, into: &reply) }
        try write(call[1], call[2], deadline: options.deadline, at: call.now)
        reply.ok()
    }

    mutating func setIfAbsent(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard keyspace.find(call[1], at: call.now, for: .write) == nil else {
            return reply.integer(0)
        }
        try write(call[1], call[2], deadline: .clear, at: call.now)
        reply.integer(1)
    }

    mutating func setExpiring(
        _ call: borrowing CommandCall, unit: Int64, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let deadline = try call.deadline(word: 2, unit: unit)
        try write(call[1], call[3], deadline: .set(deadline), at: call.now)
        reply.ok()
    }

    mutating func setMany(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count % 2 == 1 else { throw .wrongArity(.mset) }
        // All or nothing: the one refusal that a write can meet is looked for first.
        for word in stride(from: 1, to: call.count, by: 2) {
            guard keyspace.canHold(keyCount: call[word].count, valueCount: call[word + 1].count)
            else { throw .outOfMemory }
        }
        for word in stride(from: 1, to: call.count, by: 2) {
            try write(call[word], call[word + 1], deadline: .clear, at: call.now)
        }
        reply.ok()
    }

    mutating func append(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let old = keyspace.find(call[1], at: call.now, for: .write)
        let total = (old.map { keyspace.valueCount(of: $0) } ?? 0) + call[2].count
        guard total <= CommandLimits.sizeMax else { throw .valueTooLarge }
        do throws(WriteRefusal) {
            reply.integer(try keyspace.append(call[2], to: call[1], at: call.now))
        } catch {
            throw CommandError(error)
        }
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

    mutating func subtract(
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
        var answer = ReplyBuffer()
        if options.answersOld, let old {
            answer.bulk(keyspace.value(of: old))
        } else {
            answer.null()
        }
        if permitted {
            try write(call[1], call[2], deadline: options.deadline, at: call.now)
            if !options.answersOld { return reply.ok() }
        }
        reply.append(answer)
    }

    private mutating func write(
        _ key: Span<UInt8>, _ value: Span<UInt8>, deadline: DeadlineChange, at now: CacheTime
    ) throws(CommandError) {
        do throws(WriteRefusal) {
            try keyspace.set(key, to: value, deadline: deadline, at: now)
        } catch {
            throw CommandError(error)
        }
    }

    private mutating func appendValue(
        of key: Span<UInt8>, at now: CacheTime, into reply: inout ReplyBuffer
    ) -> EntryIndex? {
        guard let index = keyspace.find(key, at: now, for: .read) else {
            reply.null()
            return nil
        }
        reply.bulk(keyspace.value(of: index))
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

extension ReplyBuffer {
    mutating func append(_ other: ReplyBuffer) { bytes.append(contentsOf: other.bytes) }
}
