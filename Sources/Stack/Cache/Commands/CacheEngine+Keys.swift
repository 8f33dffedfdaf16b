// The commands on keys as such: existence, names, scans, and emptying the whole.

import Blueprint

extension CacheEngine {
    mutating func runKey(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .del, .unlink: delete(call, into: &reply)
        case .exists: exists(call, into: &reply)
        case .touch: touch(call, into: &reply)
        case .type: type(call, into: &reply)
        case .rename, .renamenx: try rename(call, into: &reply)
        case .copy: try copy(call, into: &reply)
        case .keys: keys(call, into: &reply)
        case .scan: try scan(call, into: &reply)
        case .randomkey: reply.bulk(keyspace.randomKey().map { [UInt8](keyspace.key(of: $0)) })
        case .object: try object(call, into: &reply)
        case .dbsize: reply.integer(keyspace.count)
        case .flushall, .flushdb: try flush(call, into: &reply)
        default: preconditionFailure("not a command on keys: \(call.command)")
        }
    }

    private mutating func delete(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        var removed = 0
        for word in 1..<call.count {
            // A key that is not there may still be on its way in.
            if !keyspace.leases.isEmpty { keyspace.leases.void([UInt8](copying: call[word])[...]) }
            if keyspace.remove(call[word], at: call.now) { removed += 1 }
        }
        reply.integer(removed)
    }

    /// A key named twice counts twice, as in Redis.
    private mutating func exists(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        var found = 0
        for word in 1..<call.count
        where keyspace.find(call[word], at: call.now, for: .peek) != nil { found += 1 }
        reply.integer(found)
    }

    private mutating func touch(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        var found = 0
        for word in 1..<call.count
        where keyspace.find(call[word], at: call.now, for: .write) != nil { found += 1 }
        reply.integer(found)
    }

    private mutating func type(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        let index = keyspace.find(call[1], at: call.now, for: .peek)
        reply.simple(index.map { keyspace.value(of: $0).kind.rawValue } ?? "none")
    }

    private mutating func rename(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let isConditional = call.command == .renamenx
        guard let old = keyspace.find(call[1], at: call.now, for: .write) else { throw .noSuchKey }
        if isConditional, keyspace.find(call[2], at: call.now, for: .write) != nil {
            return reply.integer(0)
        }
        if !call[1].isEqual(to: call[2]) {
            try transfer(old, to: call[2], at: call.now, copying: false)
        }
        if isConditional { reply.integer(1) } else { reply.ok() }
    }

    private mutating func copy(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        var replaces = false
        for word in 3..<max(3, call.count) {
            guard call.word(word, is: "REPLACE") else { throw .syntax }
            replaces = true
        }
        guard !call[1].isEqual(to: call[2]) else { throw .sameObject }
        guard let old = keyspace.find(call[1], at: call.now, for: .read) else {
            return reply.integer(0)
        }
        if !replaces, keyspace.find(call[2], at: call.now, for: .write) != nil {
            return reply.integer(0)
        }
        try transfer(old, to: call[2], at: call.now, copying: true)
        reply.integer(1)
    }

    /// Gives another key the value and the deadline of an entry, which goes unless it is copied.
    private mutating func transfer(
        _ old: EntryIndex, to key: Span<UInt8>, at now: CacheTime, copying: Bool
    ) throws(CommandError) {
        let deadline = keyspace.deadline(of: old).map { DeadlineChange.set($0) } ?? .clear
        let value = keyspace.value(of: old)
        let string = [UInt8](keyspace.string(of: old))
        if !copying {
            replication?.append(StoredCommand([Array("DEL".utf8), [UInt8](keyspace.key(of: old))]))
            keyspace.remove(old)
        }
        replication?.isPassedOn = true
        do throws(WriteRefusal) {
            if value.isString {
                try keyspace.set(key, to: string.span, deadline: deadline, at: now)
            } else {
                try keyspace.set(
                    key, toValue: copying ? value.copied : value, deadline: deadline, at: now)
            }
        } catch {
            throw CommandError(error)
        }
        passOnWhole(key, at: now)
    }

    /// A follower that is being copied to may not have the one key yet, so it gets the other as it is.
    private mutating func passOnWhole(_ key: Span<UInt8>, at now: CacheTime) {
        guard replication != nil, let index = keyspace.find(key, at: now, for: .write) else {
            return
        }
        for command in keyspace.dump(index, at: now) { replication?.append(command) }
    }

    private mutating func keys(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        let pattern = [UInt8](copying: call[1])
        let all = keyspace.scan(from: 0, countMax: .max, at: call.now).found
            .map { keyspace.key(of: $0) }
            .filter { Pattern.matches($0, pattern[...]) }
        reply.arrayHeader(count: all.count)
        for key in all { reply.bulk(key) }
    }

    private mutating func scan(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let options = try ScanOptions(call, from: 1)
        let (found, next) = keyspace.scan(
            from: options.cursor, countMax: options.count, at: call.now)
        let keys = found.filter { index in
            options.kind.map { $0 == keyspace.value(of: index).kind.rawValue } ?? true
        }.map { keyspace.key(of: $0) }.filter(options.admits)
        reply.arrayHeader(count: 2)
        reply.bulk(String(next))
        reply.arrayHeader(count: keys.count)
        for key in keys { reply.bulk(key) }
    }

    private mutating func object(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count == 3 else { throw .unknownSubcommand(call.text(1), of: .object) }
        // Looking at a key this way is no use of it.
        guard let index = keyspace.find(call[2], at: call.now, for: .peek) else {
            return reply.null()
        }
        let usage = keyspace.slab.entries[index.slot].usage
        if call.word(1, is: "ENCODING") {
            reply.bulk(encoding(of: index))
        } else if call.word(1, is: "IDLETIME") {
            guard keyspace.policy != .allkeysLFU else { throw .idleTimeUnderLFU }
            reply.integer(usage.idleSeconds(at: call.now))
        } else if call.word(1, is: "FREQ") {
            guard keyspace.policy == .allkeysLFU else { throw .frequencyWithoutLFU }
            reply.integer(Int(usage.frequency(at: call.now, keyspace.frequencyTuning)))
        } else if call.word(1, is: "REFCOUNT") {
            reply.integer(1)
        } else {
            throw .unknownSubcommand(call.text(1), of: .object)
        }
    }

    /// Redis' words for what is the same in kind: few elements looked through, or an index over many.
    private func encoding(of index: EntryIndex) -> String {
        switch keyspace.value(of: index) {
        case .string:
            let bytes = keyspace.string(of: index)
            if Decimal.parse(bytes.span) != nil { return "int" }
            return bytes.count <= 44 ? "embstr" : "raw"
        case .list: return "quicklist"
        case .set(let table): return table.isScanned ? "listpack" : "hashtable"
        case .hash(let table): return table.isScanned ? "listpack" : "hashtable"
        case .sorted: return "skiplist"
        }
    }

    private mutating func flush(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        let isKnown = call.count == 2 && (call.word(1, is: "SYNC") || call.word(1, is: "ASYNC"))
        guard call.count == 1 || isKnown else { throw .syntax }
        keyspace.flush()
        reply.ok()
    }
}

/// The arguments of SCAN and its kin: a cursor, MATCH, COUNT, and for SCAN alone TYPE.
struct ScanOptions {
    let cursor: UInt64
    private(set) var count = 10
    private(set) var kind: String?
    private var pattern: [UInt8]?

    /// `word` is where the cursor stands.
    init(_ call: borrowing CommandCall, from word: Int) throws(CommandError) {
        guard let cursor = Decimal.parse(call[word]), cursor >= 0 else { throw .invalidCursor }
        self.cursor = UInt64(cursor)
        var word = word + 1
        while word < call.count {
            guard word + 1 < call.count else { throw .syntax }
            if call.word(word, is: "MATCH") {
                pattern = [UInt8](copying: call[word + 1])
            } else if call.word(word, is: "COUNT") {
                let wanted = try call.integer(word + 1)
                guard wanted > 0 else { throw .syntax }
                count = Int(min(wanted, 1 << 20))
            } else if call.command == .scan, call.word(word, is: "TYPE") {
                kind = call.text(word + 1).lowercased()
            } else {
                throw .syntax
            }
            word += 2
        }
    }

    func admits(_ name: ArraySlice<UInt8>) -> Bool {
        pattern.map { Pattern.matches(name, $0[...]) } ?? true
    }
}
