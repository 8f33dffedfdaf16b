// The commands on lists.

extension CacheEngine {
    mutating func runList(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .lpush, .rpush: try push(call, into: &reply)
        case .lpushx, .rpushx:
            guard try list(call) != nil else { return reply.integer(0) }
            try push(call, into: &reply)
        case .lpop, .rpop: try pop(call, into: &reply)
        case .llen: reply.integer(try list(call)?.count ?? 0)
        case .lrange: try listRange(call, into: &reply)
        case .lindex: try element(call, into: &reply)
        case .lset: try setElement(call, into: &reply)
        case .lrem: try removeElements(call, into: &reply)
        case .ltrim: try trim(call, into: &reply)
        default: preconditionFailure("not a command on lists: \(call.command)")
        }
    }

    private mutating func list(_ call: borrowing CommandCall) throws(CommandError) -> ListValue? {
        guard case .list(let list)? = try value(call, of: .list) else { return nil }
        return list
    }

    private mutating func push(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let open = try open(call, of: .list, growingBy: call.count - 2)
        guard case .list(let list) = open.value else { throw .wrongType }
        let goesFirst = call.command == .lpush || call.command == .lpushx
        for word in 2..<call.count {
            let element = [UInt8](copying: call[word])
            if goesFirst { list.pushFirst(element) } else { list.pushLast(element) }
        }
        keyspace.settle(open, changed: true)
        reply.integer(list.count)
    }

    private mutating func pop(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count <= 3 else { throw .wrongArity(call.command) }
        let count = call.count == 3 ? try call.integer(2) : 1
        guard count >= 0 else { throw .notPositive }
        guard let open = try open(call, of: .list), case .list(let list) = open.value else {
            return call.count == 3 ? reply.nullArray() : reply.null()
        }
        let taken = min(Int(clamping: count), list.count)
        if call.count == 3 { reply.arrayHeader(count: taken) }
        for _ in 0..<taken {
            reply.bulk(call.command == .lpop ? list.popFirst() : list.popLast())
        }
        keyspace.settle(open, changed: taken > 0)
    }

    private mutating func listRange(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let (start, end) = (try call.integer(2), try call.integer(3))
        guard let list = try list(call) else { return reply.arrayHeader(count: 0) }
        let range = IndexRange.clamped(start, end, count: list.count)
        reply.arrayHeader(count: range.count)
        for index in range { reply.bulk(list[index]) }
    }

    private mutating func element(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let wanted = try call.integer(2)
        guard let list = try list(call), let index = place(wanted, in: list) else {
            return reply.null()
        }
        reply.bulk(list[index])
    }

    private mutating func setElement(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let wanted = try call.integer(2)
        guard try list(call) != nil else { throw .noSuchKey }
        let open = try open(call, of: .list, growingBy: 1)
        guard case .list(let list) = open.value, let index = place(wanted, in: list) else {
            throw .indexOutOfRange
        }
        list.replace(index, by: [UInt8](copying: call[3]))
        keyspace.settle(open, changed: true)
        reply.ok()
    }

    private func place(_ index: Int64, in list: ListValue) -> Int? {
        let place = index < 0 ? index + Int64(list.count) : index
        return (0..<Int64(list.count)).contains(place) ? Int(place) : nil
    }

    private mutating func removeElements(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let count = try call.integer(2)
        guard let open = try open(call, of: .list), case .list(let list) = open.value else {
            return reply.integer(0)
        }
        let removed = list.remove(
            call[3], countMax: count == 0 ? .max : Int(clamping: count.magnitude),
            fromLast: count < 0)
        keyspace.settle(open, changed: removed > 0)
        reply.integer(removed)
    }

    private mutating func trim(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let (start, end) = (try call.integer(2), try call.integer(3))
        if let open = try open(call, of: .list), case .list(let list) = open.value {
            list.trim(to: IndexRange.clamped(start, end, count: list.count))
            keyspace.settle(open, changed: true)
        }
        reply.ok()
    }
}
