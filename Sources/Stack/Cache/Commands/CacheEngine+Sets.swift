// The commands on sets.

extension CacheEngine {
    typealias MemberSet = MemberTable<NoPayload>

    mutating func runSet(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .sadd: try addMembers(call, into: &reply)
        case .srem: try removeMembers(call, into: &reply)
        case .sismember: reply.integer(try members(call)?.contains(call[2]) == true ? 1 : 0)
        case .smismember: try areMembers(call, into: &reply)
        case .smembers: reply.set(try members(call)?.members.map(\.name) ?? [])
        case .scard: reply.integer(try members(call)?.count ?? 0)
        case .spop: try popMembers(call, into: &reply)
        case .srandmember: try randomMembers(call, into: &reply)
        case .smove: try move(call, into: &reply)
        case .sscan: try scanMembers(call, into: &reply)
        case .sinter, .sunion, .sdiff: try combine(call, into: &reply)
        default: preconditionFailure("not a command on sets: \(call.command)")
        }
    }

    private mutating func members(
        _ call: borrowing CommandCall, word: Int = 1
    ) throws(CommandError) -> MemberSet? {
        guard case .set(let table)? = try value(call, word: word, of: .set) else { return nil }
        return table
    }

    private mutating func addMembers(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let open = try open(call, of: .set, growingBy: call.count - 2)
        guard case .set(let table) = open.value else { throw .wrongType }
        var added = 0
        for word in 2..<call.count where table.set(call[word], to: NoPayload()) { added += 1 }
        keyspace.settle(open, changed: added > 0)
        reply.integer(added)
    }

    private mutating func removeMembers(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard let open = try open(call, of: .set), case .set(let table) = open.value else {
            return reply.integer(0)
        }
        var removed = 0
        for word in 2..<call.count where table.remove(call[word]) != nil { removed += 1 }
        keyspace.settle(open, changed: removed > 0)
        reply.integer(removed)
    }

    private mutating func areMembers(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let table = try members(call)
        reply.arrayHeader(count: call.count - 2)
        for word in 2..<call.count { reply.integer(table?.contains(call[word]) == true ? 1 : 0) }
    }

    private mutating func popMembers(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count <= 3 else { throw .syntax }
        let count = call.count == 3 ? try call.integer(2) : 1
        guard count >= 0 else { throw .notPositive }
        guard let open = try open(call, of: .set), case .set(let table) = open.value else {
            return call.count == 3 ? reply.setHeader(count: 0) : reply.null()
        }
        var popped: [[UInt8]] = []
        for _ in 0..<min(Int(clamping: count), table.count) {
            let place = Int(keyspace.random.next() % UInt64(table.count))
            popped.append(table.remove(at: place).name)
        }
        keyspace.settle(open, changed: !popped.isEmpty)
        // What was drawn here is what the followers must drop.
        if !popped.isEmpty {
            replication?.rewrite = StoredCommand(
                [[UInt8]("SREM".utf8), [UInt8](copying: call[1])] + popped)
        }
        if call.count == 3 { reply.set(popped) } else { reply.bulk(popped[0]) }
    }

    /// A negative count may give the same member more than once.
    private mutating func randomMembers(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count <= 3 else { throw .syntax }
        let count = call.count == 3 ? try call.integer(2) : 1
        guard let table = try members(call) else {
            return call.count == 3 ? reply.arrayHeader(count: 0) : reply.null()
        }
        guard call.count == 3 else {
            let place = Int(keyspace.random.next() % UInt64(table.count))
            return reply.bulk(table.members[place].name)
        }
        guard count > -(1 << 20) else { throw .notPositive }
        var drawn: [[UInt8]] = []
        if count < 0 {
            for _ in 0..<(-count) {
                let place = Int(keyspace.random.next() % UInt64(table.count))
                drawn.append(table.members[place].name)
            }
        } else {
            // Fisher and Yates over the places, as far as they are wanted.
            var places = Array(0..<table.count)
            for place in 0..<min(Int(clamping: count), places.count) {
                let rest = UInt64(places.count - place)
                places.swapAt(place, place + Int(keyspace.random.next() % rest))
                drawn.append(table.members[places[place]].name)
            }
        }
        reply.arrayHeader(count: drawn.count)
        for name in drawn { reply.bulk(name) }
    }

    private mutating func move(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        _ = try members(call, word: 2)
        guard try members(call)?.contains(call[3]) == true else { return reply.integer(0) }
        if call[1].isEqual(to: call[2]) { return reply.integer(1) }
        let target = try open(call, word: 2, of: .set, growingBy: 1)
        guard case .set(let table) = target.value else { throw .wrongType }
        table.set(call[3], to: NoPayload())
        keyspace.settle(target, changed: true)
        // Room for the one may have cost the other, which then has nothing left to lose.
        if let source = try open(call, of: .set), case .set(let table) = source.value {
            table.remove(call[3])
            keyspace.settle(source, changed: true)
        }
        if replication != nil {
            let member = [UInt8](copying: call[3])
            for (command, word) in [("SREM", 1), ("SADD", 2)] {
                replication?.append(
                    StoredCommand([Array(command.utf8), [UInt8](copying: call[word]), member]))
            }
            replication?.isPassedOn = true
        }
        reply.integer(1)
    }

    private mutating func combine(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        var names = try members(call)?.members.map(\.name) ?? []
        var seen = Set(names)
        for word in 2..<max(2, call.count) {
            let other = try members(call, word: word)
            switch call.command {
            case .sinter: names = names.filter { other?.contains($0.span) == true }
            case .sdiff: names = names.filter { other?.contains($0.span) != true }
            default:
                let fresh = (other?.members ?? []).map(\.name).filter { seen.insert($0).inserted }
                names += fresh
            }
        }
        reply.set(names)
    }

    private mutating func scanMembers(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try ScanOptions(call, from: 2)
        guard let table = try members(call) else { return reply.emptyScan() }
        let (places, next) = table.scan(from: options.cursor, countMax: options.count)
        let found = table.members[places].filter { options.admits($0.name[...]) }
        reply.arrayHeader(count: 2)
        reply.bulk(String(next))
        reply.arrayHeader(count: found.count)
        for member in found { reply.bulk(member.name) }
    }
}

extension ReplyBuffer {
    mutating func set(_ names: [[UInt8]]) {
        setHeader(count: names.count)
        for name in names { bulk(name) }
    }
}
