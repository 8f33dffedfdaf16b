// The commands on hashes.

extension CacheEngine {
    mutating func runHash(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .hset, .hmset: try setFields(call, into: &reply)
        case .hsetnx: try setFieldIfAbsent(call, into: &reply)
        case .hincrby: try addToField(call, into: &reply)
        case .hdel: try deleteFields(call, into: &reply)
        case .hget: reply.bulk(try hash(call)?.payload(of: call[2]))
        case .hmget: try getFields(call, into: &reply)
        case .hgetall: try allFields(call, into: &reply)
        case .hexists: reply.integer(try hash(call)?.contains(call[2]) == true ? 1 : 0)
        case .hlen: reply.integer(try hash(call)?.count ?? 0)
        case .hstrlen: reply.integer(try hash(call)?.payload(of: call[2])?.count ?? 0)
        case .hkeys: try fieldHalves(call, into: &reply)
        case .hvals: try fieldHalves(call, into: &reply)
        case .hscan: try scanFields(call, into: &reply)
        default: preconditionFailure("not a command on hashes: \(call.command)")
        }
    }

    private mutating func hash(
        _ call: borrowing CommandCall
    ) throws(CommandError) -> MemberTable<[UInt8]>? {
        guard case .hash(let table)? = try value(call, of: .hash) else { return nil }
        return table
    }

    private mutating func setFields(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count % 2 == 0 else { throw .wrongArity(call.command) }
        let open = try open(call, of: .hash, growingBy: call.count / 2 - 1)
        guard case .hash(let table) = open.value else { throw .wrongType }
        var added = 0
        for word in stride(from: 2, to: call.count, by: 2)
        where table.set(call[word], to: [UInt8](copying: call[word + 1])) { added += 1 }
        keyspace.settle(open, changed: true)
        if call.command == .hmset { reply.ok() } else { reply.integer(added) }
    }

    private mutating func setFieldIfAbsent(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard try hash(call)?.contains(call[2]) != true else { return reply.integer(0) }
        let open = try open(call, of: .hash, growingBy: 1)
        guard case .hash(let table) = open.value else { throw .wrongType }
        table.set(call[2], to: [UInt8](copying: call[3]))
        keyspace.settle(open, changed: true)
        reply.integer(1)
    }

    private mutating func addToField(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let delta = try call.integer(3)
        let old = try hash(call)?.payload(of: call[2])
        guard let number = old.map({ Decimal.parse($0.span) }) ?? 0 else { throw .hashNotAnInteger }
        let (sum, overflow) = number.addingReportingOverflow(delta)
        guard !overflow else { throw .overflow }
        let open = try open(call, of: .hash, growingBy: 1)
        guard case .hash(let table) = open.value else { throw .wrongType }
        var digits: [UInt8] = []
        Decimal.append(sum, to: &digits)
        table.set(call[2], to: digits)
        keyspace.settle(open, changed: true)
        reply.integer(sum)
    }

    private mutating func deleteFields(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard let open = try open(call, of: .hash), case .hash(let table) = open.value else {
            return reply.integer(0)
        }
        var removed = 0
        for word in 2..<call.count where table.remove(call[word]) != nil { removed += 1 }
        keyspace.settle(open, changed: removed > 0)
        reply.integer(removed)
    }

    private mutating func getFields(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let table = try hash(call)
        reply.arrayHeader(count: call.count - 2)
        for word in 2..<call.count { reply.bulk(table?.payload(of: call[word])) }
    }

    private mutating func allFields(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let fields = try hash(call)?.members ?? []
        reply.mapHeader(count: fields.count)
        for field in fields {
            reply.bulk(field.name)
            reply.bulk(field.payload)
        }
    }

    private mutating func fieldHalves(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let fields = try hash(call)?.members ?? []
        reply.arrayHeader(count: fields.count)
        for field in fields { reply.bulk(call.command == .hkeys ? field.name : field.payload) }
    }

    private mutating func scanFields(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try ScanOptions(call, from: 2)
        guard let table = try hash(call) else { return reply.emptyScan() }
        let (places, next) = table.scan(from: options.cursor, countMax: options.count)
        let found = table.members[places].filter { options.admits($0.name[...]) }
        reply.arrayHeader(count: 2)
        reply.bulk(String(next))
        reply.arrayHeader(count: 2 * found.count)
        for field in found {
            reply.bulk(field.name)
            reply.bulk(field.payload)
        }
    }
}

// What the commands on all kinds of collections share.
extension CacheEngine {
    mutating func value(
        _ call: borrowing CommandCall, word: Int = 1, of kind: ValueKind
    ) throws(CommandError) -> Value? {
        do throws(WriteRefusal) {
            return try keyspace.value(call[word], of: kind, at: call.now)
        } catch {
            throw CommandError(error)
        }
    }

    /// The collection under the first key; nil when there is none.
    mutating func open(
        _ call: borrowing CommandCall, of kind: ValueKind
    ) throws(CommandError) -> OpenValue? {
        do throws(WriteRefusal) {
            return try keyspace.open(call[1], of: kind, at: call.now)
        } catch {
            throw CommandError(error)
        }
    }

    /// The collection under a key, made if there is none, with room for the words that follow.
    mutating func open(
        _ call: borrowing CommandCall, word: Int = 1, of kind: ValueKind, growingBy count: Int
    ) throws(CommandError) -> OpenValue {
        var bytes = 0
        for word in 2..<call.count { bytes += call[word].count }
        do throws(WriteRefusal) {
            return try keyspace.open(
                call[word], of: kind, growing: Keyspace.growth(ofElements: count, bytes: bytes),
                at: call.now)
        } catch {
            throw CommandError(error)
        }
    }
}

extension ReplyBuffer {
    /// The answer of a scan of nothing.
    mutating func emptyScan() {
        arrayHeader(count: 2)
        bulk("0")
        arrayHeader(count: 0)
    }
}
