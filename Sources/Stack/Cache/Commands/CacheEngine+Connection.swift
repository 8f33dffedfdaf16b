// The commands about the connection and the server's identity, which redis-cli and client libraries send
// before the first real command.

extension CacheEngine {
    /// The Redis whose command set and texts are followed; clients choose their features by it.
    static let compatibleVersion = "7.0.15"

    mutating func runServer(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .ping: try ping(call, for: client, into: &reply)
        case .echo: reply.bulk([UInt8](copying: call[1]))
        case .quit:
            client.isQuitting = true
            reply.ok()
        case .reset: reset(&client, into: &reply)
        case .select: try select(call, into: &reply)
        case .hello: try hello(call, for: &client, into: &reply)
        case .client: try self.client(call, for: &client, into: &reply)
        case .command: describeCommands(call, into: &reply)
        case .role: role(into: &reply)
        case .info: reply.bulk(InfoReport(engine: self, now: call.now).text(sections: call))
        case .config: try config(call, into: &reply)
        default: preconditionFailure("not a command on the server: \(call.command)")
        }
    }

    private func ping(
        _ call: borrowing CommandCall, for client: ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard call.count <= 2 else { throw .wrongArity(.ping) }
        guard client.isSubscribed, reply.version == 2 else {
            if call.count == 1 {
                reply.simple("PONG")
            } else {
                reply.bulk([UInt8](copying: call[1]))
            }
            return
        }
        // A subscriber of RESP2 can only tell answers from messages by their shape.
        reply.arrayHeader(count: 2)
        reply.bulk("pong")
        reply.bulk(call.count == 1 ? [] : [UInt8](copying: call[1]))
    }

    private mutating func reset(_ client: inout ClientState, into reply: inout ReplyBuffer) {
        forget(&client)
        client.name = ""
        reply.version = 2
        reply.simple("RESET")
    }

    /// There is one database; more would only be more ways to lose a key.
    private func select(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard try call.integer(1) == 0 else { throw .databaseOutOfRange }
        reply.ok()
    }

    /// As Redis has it: a master tells its offset and its followers, a slave its master.
    private func role(into reply: inout ReplyBuffer) {
        let standing = replication?.standing
        if case .follower(let leader)? = standing {
            reply.arrayHeader(count: 5)
            reply.bulk("slave")
            reply.bulk(leader?.host ?? "")
            reply.integer(Int(leader?.port ?? 0))
            reply.bulk(replication?.isLinked == true ? "connected" : "connect")
            return reply.integer(replication?.offset ?? 0)
        }
        let followers = replication?.followers ?? []
        reply.arrayHeader(count: 3)
        reply.bulk("master")
        reply.integer(replication?.offset ?? 0)
        reply.arrayHeader(count: followers.count)
        for follower in followers {
            reply.arrayHeader(count: 3)
            reply.bulk(follower.address.host)
            reply.bulk("\(follower.address.port)")
            reply.bulk("\(follower.acknowledged)")
        }
    }

    private func hello(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        var version = reply.version
        if call.count > 1 {
            guard let wanted = Decimal.parse(call[1]) else { throw .protocolVersionNotANumber }
            guard wanted == 2 || wanted == 3 else { throw .unsupportedProtocol }
            version = Int(wanted)
        }
        if call.count > 2 {
            guard call.count == 4, call.word(2, is: "SETNAME") else { throw .syntax }
            client.name = try clientName(call, word: 3)
        }
        reply.version = version
        let role = replication?.standing.isFollower == true ? "replica" : "master"
        reply.mapHeader(count: 7)
        for (name, value) in [("server", "redis"), ("version", CacheEngine.compatibleVersion)] {
            reply.bulk(name)
            reply.bulk(value)
        }
        reply.bulk("proto")
        reply.integer(version)
        reply.bulk("id")
        reply.integer(client.id)
        for (name, value) in [("mode", "standalone"), ("role", role)] {
            reply.bulk(name)
            reply.bulk(value)
        }
        reply.bulk("modules")
        reply.arrayHeader(count: 0)
    }

    private func client(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if call.word(1, is: "SETNAME"), call.count == 3 {
            client.name = try clientName(call, word: 2)
            reply.ok()
        } else if call.word(1, is: "GETNAME"), call.count == 2 {
            if client.name.isEmpty { reply.null() } else { reply.bulk(client.name) }
        } else if call.word(1, is: "SETINFO"), call.count == 4 {
            reply.ok()
        } else if call.word(1, is: "ID"), call.count == 2 {
            reply.integer(client.id)
        } else if call.word(1, is: "INFO"), call.count == 2 {
            let transaction = client.transaction.map { $0.commands.count } ?? -1
            reply.bulk(
                "id=\(client.id) name=\(client.name) sub=\(client.channelCount) "
                    + "multi=\(transaction) watch=\(client.watched.count) resp=\(reply.version)\n")
        } else {
            throw .unknownSubcommand(call.text(1), of: .client)
        }
    }

    /// redis-cli asks for COMMAND DOCS to show hints, and is content with none.
    private func describeCommands(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        let known = CacheCommand.allCases.filter { $0 != .unknown }
        if call.count == 2, call.word(1, is: "COUNT") {
            reply.integer(known.count)
        } else if call.count == 2, call.word(1, is: "LIST") {
            reply.arrayHeader(count: known.count)
            for command in known { reply.bulk(command.name) }
        } else if call.count >= 2, call.word(1, is: "INFO") {
            reply.arrayHeader(count: call.count - 2)
            for word in 2..<call.count { describe(CacheCommand.named(call[word]), into: &reply) }
        } else {
            reply.arrayHeader(count: 0)
        }
    }

    /// Name, words, flags, and where its keys are: of those, only the first is told.
    private func describe(_ command: CacheCommand, into reply: inout ReplyBuffer) {
        guard command != .unknown else { return reply.nullArray() }
        reply.arrayHeader(count: 6)
        reply.bulk(command.name)
        reply.integer(command.arity)
        reply.arrayHeader(count: 1)
        reply.simple(command.isWrite ? "write" : "readonly")
        for _ in 0..<3 { reply.integer(0) }
    }

    private func clientName(
        _ call: borrowing CommandCall, word: Int
    ) throws(CommandError) -> String {
        let name = call[word]
        for index in name.indices where name[index] < 0x21 || name[index] > 0x7e {
            throw .clientName
        }
        return call.text(word)
    }
}
