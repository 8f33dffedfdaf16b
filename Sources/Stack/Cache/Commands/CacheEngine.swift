// Takes one command, changes the keyspace and appends the reply. Still without a socket or a clock: the server
// around it owns those, so that every command is tested as words in and bytes out.

package struct CacheEngine {
    package var keyspace: Keyspace
    /// What INFO tells and only the server knows.
    package var facts: ServerFacts
    var subscriptions = Subscriptions()
    /// Set when the node is one of a group; then writes go to the followers, and a follower takes none.
    var replication: ReplicationState?
    /// Tells of single commands; nil: nobody is told.
    var requestTrace: RequestTrace?
    /// Calls by command, for INFO's commandstats.
    var calls = [Int](repeating: 0, count: CacheCommand.allCases.count)
    var failures = [Int](repeating: 0, count: CacheCommand.allCases.count)

    package init(keyspace: Keyspace, facts: ServerFacts) {
        self.keyspace = keyspace
        self.facts = facts
    }

    /// Runs one command; always appends exactly one reply, but for subscriptions.
    package mutating func execute(
        _ call: consuming CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) {
        call.command = CacheCommand.named(call[0])
        if call.command == .with { return executeOnBehalf(call, for: &client, into: &reply) }
        let command = Int(call.command.rawValue)
        calls[command] += 1
        do throws(CommandError) {
            guard call.command.accepts(wordCount: call.count) else {
                throw .wrongArity(call.command)
            }
            if client.isPlain, replication == nil {
                try run(call, for: &client, into: &reply)
            } else {
                try runWithCare(call, for: &client, into: &reply)
            }
        } catch {
            failures[command] += 1
            client.transaction?.isBroken = true
            reply.error(error.line)
        }
    }

    /// Of a client inside a transaction or subscribed, or on a node of a group.
    private mutating func runWithCare(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if client.isSubscribed, reply.version == 2, !call.command.worksSubscribed {
            throw .subscribed(call.command)
        }
        if try queue(call, for: &client, into: &reply) { return }
        guard replication != nil, call.command.isWrite else {
            return try run(call, for: &client, into: &reply)
        }
        try runReplicated(call, for: &client, into: &reply)
    }

    mutating func run(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .get: try get(call, into: &reply)
        case .set: try set(call, into: &reply)
        case .incr: try add(1, call, into: &reply)
        case .mget: getMany(call, into: &reply)
        case .setnx, .setex, .psetex, .getset, .getdel, .getex, .mset, .msetnx, .append, .strlen,
            .getrange, .setrange, .decr, .incrby, .decrby:
            try runString(call, into: &reply)
        case .del, .unlink, .exists, .touch, .type, .rename, .renamenx, .copy, .keys, .scan,
            .randomkey, .object, .dbsize, .flushall, .flushdb:
            try runKey(call, into: &reply)
        case .expire, .pexpire, .expireat, .pexpireat, .ttl, .pttl, .expiretime, .pexpiretime,
            .persist:
            try runExpiry(call, into: &reply)
        case .hset, .hmset, .hsetnx, .hget, .hmget, .hgetall, .hdel, .hexists, .hlen, .hstrlen,
            .hkeys, .hvals, .hincrby, .hscan:
            try runHash(call, into: &reply)
        case .lpush, .rpush, .lpushx, .rpushx, .lpop, .rpop, .llen, .lrange, .lindex, .lset, .lrem,
            .ltrim:
            try runList(call, into: &reply)
        case .sadd, .srem, .sismember, .smismember, .smembers, .scard, .spop, .srandmember, .smove,
            .sscan, .sinter, .sunion, .sdiff:
            try runSet(call, into: &reply)
        case .zadd, .zrem, .zscore, .zmscore, .zincrby, .zcard, .zcount, .zrank, .zrevrank, .zrange,
            .zrevrange, .zrangebyscore, .zpopmin, .zpopmax, .zremrangebyrank, .zremrangebyscore,
            .zscan:
            try runSorted(call, into: &reply)
        case .lease: try runLease(call, into: &reply)
        case .wait, .repl: try leaveToServer(call, for: &client, into: &reply)
        case .multi, .exec, .discard, .watch, .unwatch:
            try runTransaction(call, for: &client, into: &reply)
        case .subscribe, .unsubscribe, .psubscribe, .punsubscribe, .publish, .pubsub:
            try runPubSub(call, for: &client, into: &reply)
        case .ping, .echo, .quit, .hello, .reset, .select, .client, .command, .role, .info, .config:
            try runServer(call, for: &client, into: &reply)
        case .unknown, .with: throw unknown(call)
        }
    }

    /// As much of the arguments as Redis shows: no more than 128 bytes in all.
    private func unknown(_ call: borrowing CommandCall) -> CommandError {
        var arguments: [String] = []
        var size = 0
        for index in 1..<max(1, call.count) where size < 128 {
            let argument = String(call.text(index).prefix(128 - size))
            arguments.append(argument)
            size += argument.utf8.count + 3
        }
        return .unknownCommand(name: String(call.text(0).prefix(128)), arguments: arguments)
    }
}

/// The numbers of the server around the engine, as INFO prints them.
package struct ServerFacts: Sendable {
    package var processID: Int32
    package var port: UInt16
    package var startedAt: CacheTime
    package var clientsMax: Int
    /// Bytes that may wait for a subscriber; past it the subscriber is closed.
    package var subscriberOutboundMax = 8 << 20
    /// Milliseconds by which the wall clock is ahead of the cache's own: for deadlines given as a date.
    package var wallAhead: Int64 = 0
    package var connectedClients = 0
    package var connectionsReceived = 0
    package var connectionsRejected = 0
    /// Clients that were closed because they did not read their replies.
    package var slowReadersClosed = 0

    package init(processID: Int32, port: UInt16, startedAt: CacheTime, clientsMax: Int) {
        self.processID = processID
        self.port = port
        self.startedAt = startedAt
        self.clientsMax = clientsMax
    }
}
