// Takes one command, changes the keyspace and appends the reply. Still a plain value: the server around it
// owns the sockets and reads the clock, so that every command is tested as words in and bytes out.

package struct CacheEngine: Sendable {
    package var keyspace: Keyspace
    /// What INFO tells and only the server knows.
    package var facts: ServerFacts
    /// Calls by command, for INFO's commandstats.
    var calls = [Int](repeating: 0, count: CacheCommand.allCases.count)
    var failures = [Int](repeating: 0, count: CacheCommand.allCases.count)

    package init(keyspace: Keyspace, facts: ServerFacts) {
        self.keyspace = keyspace
        self.facts = facts
    }

    /// Runs one command; always appends exactly one reply.
    package mutating func execute(
        _ call: consuming CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) {
        call.command = CacheCommand.named(call[0])
        let command = Int(call.command.rawValue)
        calls[command] += 1
        do throws(CommandError) {
            guard call.command.accepts(wordCount: call.count) else {
                throw .wrongArity(call.command)
            }
            try run(call, for: &client, into: &reply)
        } catch {
            failures[command] += 1
            reply.error(error.line)
        }
    }

    private mutating func run(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .get: get(call, into: &reply)
        case .set: try set(call, into: &reply)
        case .setnx: try setIfAbsent(call, into: &reply)
        case .setex: try setExpiring(call, unit: 1000, into: &reply)
        case .psetex: try setExpiring(call, unit: 1, into: &reply)
        case .getdel: getAndDelete(call, into: &reply)
        case .getex: try getAndExpire(call, into: &reply)
        case .mget: getMany(call, into: &reply)
        case .mset: try setMany(call, into: &reply)
        case .append: try append(call, into: &reply)
        case .strlen: length(call, into: &reply)
        case .incr: try add(1, call, into: &reply)
        case .decr: try add(-1, call, into: &reply)
        case .incrby: try add(call.integer(2), call, into: &reply)
        case .decrby: try subtract(call, into: &reply)
        case .del, .unlink: delete(call, into: &reply)
        case .exists: exists(call, into: &reply)
        case .type: type(call, into: &reply)
        case .expire: try expire(call, unit: 1000, into: &reply)
        case .pexpire: try expire(call, unit: 1, into: &reply)
        case .ttl: timeToLive(call, unit: 1000, into: &reply)
        case .pttl: timeToLive(call, unit: 1, into: &reply)
        case .persist: persist(call, into: &reply)
        case .dbsize: reply.integer(keyspace.count)
        case .flushall, .flushdb: try flush(call, into: &reply)
        case .info: reply.bulk(InfoReport(engine: self, now: call.now).text(sections: call))
        case .config: try config(call, into: &reply)
        case .ping: try ping(call, into: &reply)
        case .echo: reply.bulk([UInt8](copying: call[1])[...])
        case .quit: quit(&client, into: &reply)
        case .hello: try hello(call, for: &client, into: &reply)
        case .reset: reset(&client, into: &reply)
        case .select: try select(call, into: &reply)
        case .client: try self.client(call, for: &client, into: &reply)
        case .command: describeCommands(call, into: &reply)
        case .role: role(into: &reply)
        case .unknown: throw unknown(call)
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

/// What a connection carries from one command to the next.
package struct ClientState: Sendable {
    package let id: Int
    package var name = ""
    /// Set by QUIT: the replies so far go out, then the connection is closed.
    package var isQuitting = false

    package init(id: Int) { self.id = id }
}

/// The numbers of the server around the engine, as INFO prints them.
package struct ServerFacts: Sendable {
    package var processID: Int32
    package var port: UInt16
    package var startedAt: CacheTime
    package var clientsMax: Int
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
