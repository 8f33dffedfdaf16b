// The commands on sorted sets.

extension CacheEngine {
    mutating func runSorted(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .zadd: try addScores(call, into: &reply)
        case .zincrby: try addToScore(call, into: &reply)
        case .zrem: try removeScored(call, into: &reply)
        case .zscore: reply.double(try sorted(call)?.score(of: call[2]))
        case .zmscore: try scores(call, into: &reply)
        case .zcard: reply.integer(try sorted(call)?.count ?? 0)
        case .zcount:
            let bounds = try call.bounds(2, 3)
            reply.integer(try sorted(call)?.ranks(in: bounds).count ?? 0)
        case .zrank, .zrevrank: try rank(call, into: &reply)
        case .zrange, .zrevrange, .zrangebyscore: try sortedRange(call, into: &reply)
        case .zpopmin, .zpopmax: try popScored(call, into: &reply)
        case .zremrangebyrank, .zremrangebyscore: try removeSortedRange(call, into: &reply)
        case .zscan: try scanScored(call, into: &reply)
        default: preconditionFailure("not a command on sorted sets: \(call.command)")
        }
    }

    private mutating func sorted(_ call: borrowing CommandCall) throws(CommandError) -> SortedSet? {
        guard case .sorted(let set)? = try value(call, of: .sorted) else { return nil }
        return set
    }

    private mutating func addScores(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try AddOptions(call)
        var scores: [Double] = []
        for word in stride(from: options.firstScore, to: call.count, by: 2) {
            scores.append(try call.score(word))
        }
        if options.ifPresent, try sorted(call) == nil {
            return options.increments ? reply.null() : reply.integer(0)
        }
        let open = try open(call, of: .sorted, growingBy: scores.count)
        guard case .sorted(let set) = open.value else { throw .wrongType }
        var (added, changed) = (0, 0)
        var last: Double?
        for (offset, given) in scores.enumerated() {
            let name = call[options.firstScore + 2 * offset + 1]
            let old = set.score(of: name)
            let wanted = options.increments ? (old ?? 0) + given : given
            guard !wanted.isNaN else {
                keyspace.settle(open, changed: changed + added > 0)
                throw .scoreNotANumber
            }
            last = nil
            guard options.permits(wanted, over: old) else { continue }
            last = wanted
            if set.set(name, to: wanted) { added += 1 } else if old != wanted { changed += 1 }
        }
        keyspace.settle(open, changed: added + changed > 0)
        if options.increments { return reply.double(last) }
        reply.integer(options.countsChanges ? added + changed : added)
    }

    private mutating func addToScore(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let delta = try call.score(2)
        let sum = (try sorted(call)?.score(of: call[3]) ?? 0) + delta
        guard !sum.isNaN else { throw .scoreNotANumber }
        let open = try open(call, of: .sorted, growingBy: 1)
        guard case .sorted(let set) = open.value else { throw .wrongType }
        set.set(call[3], to: sum)
        keyspace.settle(open, changed: true)
        reply.double(sum)
    }

    private mutating func removeScored(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard let open = try open(call, of: .sorted), case .sorted(let set) = open.value else {
            return reply.integer(0)
        }
        var removed = 0
        for word in 2..<call.count where set.remove(call[word]) { removed += 1 }
        keyspace.settle(open, changed: removed > 0)
        reply.integer(removed)
    }

    private mutating func scores(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let set = try sorted(call)
        reply.arrayHeader(count: call.count - 2)
        for word in 2..<call.count { reply.double(set?.score(of: call[word])) }
    }

    private mutating func rank(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard let set = try sorted(call), let rank = set.rank(of: call[2]) else {
            return reply.null()
        }
        reply.integer(call.command == .zrank ? rank : set.count - 1 - rank)
    }

    private mutating func popScored(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count <= 3 else { throw .syntax }
        let count = call.count == 3 ? try call.integer(2) : 1
        guard count >= 0 else { throw .notPositive }
        guard let open = try open(call, of: .sorted), case .sorted(let set) = open.value else {
            return reply.arrayHeader(count: 0)
        }
        var popped: [(name: [UInt8], score: Double)] = []
        for _ in 0..<min(Int(clamping: count), set.count) {
            let member = set.member(at: call.command == .zpopmin ? 0 : set.count - 1)
            let name = member.name
            _ = set.remove(name.span)
            popped.append(member)
        }
        keyspace.settle(open, changed: !popped.isEmpty)
        reply.scored(popped, nested: reply.version > 2 && call.count == 3)
    }

    private mutating func sortedRange(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try RangeOptions(call)
        guard let set = try sorted(call) else { return reply.arrayHeader(count: 0) }
        let ranks = options.ranks(in: set)
        let members = ranks.map { set.member(at: $0) }
        guard options.withScores else {
            reply.arrayHeader(count: members.count)
            for member in members { reply.bulk(member.name) }
            return
        }
        reply.scored(members, nested: reply.version > 2)
    }

    private mutating func removeSortedRange(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let byRank = call.command == .zremrangebyrank
        let bounds = byRank ? nil : try call.bounds(2, 3)
        let (start, end) = byRank ? (try call.integer(2), try call.integer(3)) : (0, 0)
        guard let open = try open(call, of: .sorted), case .sorted(let set) = open.value else {
            return reply.integer(0)
        }
        let ranks =
            bounds.map { set.ranks(in: $0) } ?? IndexRange.clamped(start, end, count: set.count)
        for _ in ranks {
            let name = set.member(at: ranks.lowerBound).name
            _ = set.remove(name.span)
        }
        keyspace.settle(open, changed: !ranks.isEmpty)
        reply.integer(ranks.count)
    }

    private mutating func scanScored(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try ScanOptions(call, from: 2)
        guard let set = try sorted(call) else { return reply.emptyScan() }
        let (places, next) = set.scan(from: options.cursor, countMax: options.count)
        let found = set.members[places].filter { options.admits($0.name[...]) }
        reply.arrayHeader(count: 2)
        reply.bulk(String(next))
        reply.arrayHeader(count: 2 * found.count)
        for member in found {
            reply.bulk(member.name)
            reply.bulk(ScoreText.text(member.payload.value))
        }
    }
}

extension ReplyBuffer {
    mutating func double(_ number: Double?) {
        if let number { double(number) } else { null() }
    }

    /// Members with their scores: flat, or each a pair of its own.
    mutating func scored(_ members: [(name: [UInt8], score: Double)], nested: Bool) {
        arrayHeader(count: nested ? members.count : 2 * members.count)
        for member in members {
            if nested { arrayHeader(count: 2) }
            bulk(member.name)
            double(member.score)
        }
    }
}
