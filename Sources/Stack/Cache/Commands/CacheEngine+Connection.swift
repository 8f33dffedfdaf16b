// The commands about the connection and the server's identity, which redis-cli and client libraries send
// before the first real command.

extension CacheEngine {
    /// The Redis whose command set and texts are followed; clients choose their features by it.
    static let compatibleVersion = "7.0.15"

    mutating func ping(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.count {
        case 1: reply.simple("PONG")
        case 2: reply.bulk([UInt8](copying: call[1])[...])
        default: throw .wrongArity(.ping)
        }
    }

    func quit(_ client: inout ClientState, into reply: inout ReplyBuffer) {
        client.isQuitting = true
        reply.ok()
    }

    func reset(_ client: inout ClientState, into reply: inout ReplyBuffer) {
        client.name = ""
        reply.simple("RESET")
    }

    /// There is one database; more would only be more ways to lose a key.
    func select(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard try call.integer(1) == 0 else { throw .databaseOutOfRange }
        reply.ok()
    }

    func role(into reply: inout ReplyBuffer) {
        reply.arrayHeader(count: 3)
        reply.bulk("master")
        reply.integer(0)
        reply.arrayHeader(count: 0)
    }

    /// RESP3 is refused by name, upon which clients go on in RESP2.
    func hello(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if call.count > 1 {
            guard let version = Decimal.parse(call[1]) else { throw .protocolVersionNotANumber }
            guard version == 2 else { throw .unsupportedProtocol }
        }
        if call.count > 2 {
            guard call.count == 4, call.word(2, is: "SETNAME") else { throw .syntax }
            client.name = try clientName(call, word: 3)
        }
        reply.arrayHeader(count: 14)
        for (name, value) in [("server", "redis"), ("version", CacheEngine.compatibleVersion)] {
            reply.bulk(name)
            reply.bulk(value)
        }
        reply.bulk("proto")
        reply.integer(2)
        reply.bulk("id")
        reply.integer(client.id)
        for (name, value) in [("mode", "standalone"), ("role", "master")] {
            reply.bulk(name)
            reply.bulk(value)
        }
        reply.bulk("modules")
        reply.arrayHeader(count: 0)
    }

    func client(
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
        } else {
            throw .unknownSubcommand(call.text(1), of: .client)
        }
    }

    /// redis-cli asks for COMMAND DOCS to show hints, and is content with none.
    func describeCommands(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        if call.count == 2, call.word(1, is: "COUNT") {
            reply.integer(CacheCommand.allCases.count - 1)
        } else {
            reply.arrayHeader(count: 0)
        }
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
