// The commands that the cache knows, with the number of words that each takes. Names are found by packing
// them into one 64-bit word (no name is longer than eight letters), which costs less than hashing a string.

enum CacheCommand: UInt8, CaseIterable, Sendable {
    case unknown
    case ping, echo, quit, hello, reset, select, client, command, role
    case get, set, setnx, setex, psetex, getdel, getex, mget, mset, append, strlen
    case incr, decr, incrby, decrby
    case del, unlink, exists, type, expire, pexpire, ttl, pttl, persist
    case dbsize, flushall, flushdb, info, config

    /// In small letters, as Redis prints it in errors.
    var name: String { "\(self)" }

    /// Words including the name; negative means at least that many, as COMMAND INFO has it.
    var arity: Int {
        switch self {
        case .reset, .role, .dbsize: 1
        case .echo, .select, .get, .getdel, .strlen, .incr, .decr, .type, .ttl, .pttl, .persist: 2
        case .setnx, .append, .incrby, .decrby: 3
        case .setex, .psetex: 4
        case .ping, .quit, .hello, .command, .flushall, .flushdb, .info, .unknown: -1
        case .getex, .mget, .del, .unlink, .exists, .client, .config: -2
        case .set, .mset, .expire, .pexpire: -3
        }
    }

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

    private static let tableSize = 128

    /// Open addressing; a key of 0 marks a free slot, and no name packs to 0.
    private static let names: [(key: UInt64, command: CacheCommand)] = {
        var table = [(key: UInt64, command: CacheCommand)](
            repeating: (0, .unknown), count: tableSize)
        for command in allCases where command != .unknown {
            guard let key = packed([UInt8](command.name.utf8).span) else {
                preconditionFailure("the name \(command.name) does not fit in eight bytes")
            }
            var slot = home(of: key)
            while table[slot].key != 0 { slot = (slot + 1) & (tableSize - 1) }
            table[slot] = (key, command)
        }
        return table
    }()

    private static func home(of key: UInt64) -> Int {
        Int((key &* 0x9e37_79b9_7f4a_7c15) >> 57)
    }

    private static func packed(_ name: Span<UInt8>) -> UInt64? {
        guard name.count > 0, name.count <= 8 else { return nil }
        var key: UInt64 = 0
        for index in name.indices { key = key << 8 | UInt64(CommandCall.capital(name[index])) }
        return key
    }
}
