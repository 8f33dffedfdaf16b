// The commands that the cache knows, with the number of words that each takes and whether it writes. Names are
// found by packing them into one 128-bit word (no name is longer than sixteen letters), which costs less than
// hashing a string.

enum CacheCommand: UInt8, CaseIterable, Sendable {
    case unknown
    case ping, echo, quit, hello, reset, select, client, command, role
    case get, set, setnx, setex, psetex, getset, getdel, getex, mget, mset, msetnx, append, strlen
    case getrange, setrange, incr, decr, incrby, decrby
    case del, unlink, exists, touch, type, rename, renamenx, copy, keys, scan, randomkey, object
    case expire, pexpire, expireat, pexpireat, ttl, pttl, expiretime, pexpiretime, persist
    case hset, hmset, hsetnx, hget, hmget, hgetall, hdel, hexists, hlen, hstrlen, hkeys, hvals,
        hincrby
    case hscan
    case lpush, rpush, lpushx, rpushx, lpop, rpop, llen, lrange, lindex, lset, lrem, ltrim
    case sadd, srem, sismember, smismember, smembers, scard, spop, srandmember, smove, sscan
    case sinter, sunion, sdiff
    case zadd, zrem, zscore, zmscore, zincrby, zcard, zcount, zrank, zrevrank, zrange, zrevrange
    case zrangebyscore, zpopmin, zpopmax, zremrangebyrank, zremrangebyscore, zscan
    case multi, exec, discard, watch, unwatch
    case subscribe, unsubscribe, psubscribe, punsubscribe, publish, pubsub
    case lease, wait, repl, with
    case dbsize, flushall, flushdb, info, config

    /// In small letters, as Redis prints it in errors.
    var name: String { "\(self)" }

    /// Words including the name; negative means at least that many, as COMMAND INFO has it.
    var arity: Int {
        switch self {
        case .reset, .role, .dbsize, .randomkey, .multi, .exec, .discard, .unwatch: 1
        case .echo, .select, .get, .getdel, .strlen, .incr, .decr, .type, .ttl, .pttl, .expiretime,
            .pexpiretime, .persist, .keys, .hgetall, .hlen, .hkeys, .hvals, .llen, .smembers,
            .scard,
            .zcard:
            2
        case .setnx, .getset, .append, .incrby, .decrby, .rename, .renamenx, .hget, .hexists,
            .hstrlen, .lindex, .sismember, .zscore, .zrank, .zrevrank, .publish, .wait:
            3
        case .setex, .psetex, .getrange, .setrange, .hsetnx, .hincrby, .lrange, .lset, .lrem,
            .ltrim,
            .smove, .zincrby, .zcount, .zremrangebyrank, .zremrangebyscore:
            4
        case .ping, .quit, .hello, .command, .flushall, .flushdb, .info, .unsubscribe,
            .punsubscribe, .unknown:
            -1
        case .getex, .mget, .del, .unlink, .exists, .touch, .scan, .object, .client, .config, .lpop,
            .rpop, .spop, .srandmember, .sinter, .sunion, .sdiff, .zpopmin, .zpopmax, .watch,
            .subscribe, .psubscribe, .pubsub, .repl:
            -2
        case .set, .mset, .msetnx, .copy, .expire, .pexpire, .expireat, .pexpireat, .hmget, .hdel,
            .hscan, .lpush, .rpush, .lpushx, .rpushx, .sadd, .srem, .smismember, .sscan, .zrem,
            .zmscore, .zscan, .lease:
            -3
        case .hset, .hmset, .zadd, .zrange, .zrevrange, .zrangebyscore, .with: -4
        }
    }

    /// May change the keyspace; a follower refuses it.
    var isWrite: Bool { CacheCommand.writes[Int(rawValue)] }

    /// What a client may still send once it has subscribed, in RESP2.
    var worksSubscribed: Bool {
        switch self {
        case .subscribe, .unsubscribe, .psubscribe, .punsubscribe, .ping, .quit, .reset: true
        default: false
        }
    }

    private static let writes: [Bool] = {
        let writers: Set<CacheCommand> = [
            .set, .setnx, .setex, .psetex, .getset, .getdel, .getex, .mset, .msetnx, .append,
            .setrange, .incr, .decr, .incrby, .decrby, .del, .unlink, .rename, .renamenx, .copy,
            .expire, .pexpire, .expireat, .pexpireat, .persist, .hset, .hmset, .hsetnx, .hdel,
            .hincrby, .lpush, .rpush, .lpushx, .rpushx, .lpop, .rpop, .lset, .lrem, .ltrim, .sadd,
            .srem, .spop, .smove, .zadd, .zrem, .zincrby, .zpopmin, .zpopmax, .zremrangebyrank,
            .zremrangebyscore, .lease, .flushall, .flushdb,
        ]
        return allCases.map(writers.contains)
    }()

    func accepts(wordCount: Int) -> Bool {
        arity >= 0 ? wordCount == arity : wordCount >= -arity
    }

    /// `.unknown` when there is no such command.
    static func named(_ name: Span<UInt8>) -> CacheCommand {
        guard let key = packed(name) else { return .unknown }
        var slot = home(of: key)
        while names[slot].key != key {
            guard names[slot].key != 0 else { return .unknown }
            slot = (slot + 1) & (tableSize - 1)
        }
        return names[slot].command
    }

    private static let tableSize = 512

    /// Open addressing; a key of 0 marks a free slot, and no name packs to 0.
    private static let names: [(key: UInt128, command: CacheCommand)] = {
        var table = [(key: UInt128, command: CacheCommand)](
            repeating: (0, .unknown), count: tableSize)
        for command in allCases where command != .unknown {
            guard let key = packed([UInt8](command.name.utf8).span) else {
                preconditionFailure("the name \(command.name) does not fit in sixteen bytes")
            }
            var slot = home(of: key)
            while table[slot].key != 0 { slot = (slot + 1) & (tableSize - 1) }
            table[slot] = (key, command)
        }
        return table
    }()

    private static func home(of key: UInt128) -> Int {
        let folded = UInt64(truncatingIfNeeded: key) ^ UInt64(truncatingIfNeeded: key >> 64)
        return Int((folded &* 0x9e37_79b9_7f4a_7c15) >> 55)
    }

    private static func packed(_ name: Span<UInt8>) -> UInt128? {
        guard name.count > 0, name.count <= 16 else { return nil }
        var low: UInt64 = 0
        for index in 0..<min(8, name.count) {
            low = low << 8 | UInt64(CommandCall.capital(name[index]))
        }
        var high: UInt64 = 0
        for index in min(8, name.count)..<name.count {
            high = high << 8 | UInt64(CommandCall.capital(name[index]))
        }
        return UInt128(high) << 64 | UInt128(low)
    }
}
