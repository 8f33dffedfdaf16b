// MULTI, EXEC and WATCH. One thread runs one command at a time, so a transaction is a queue of commands that
// run one after another without another client's between them.

extension CacheEngine {
    /// Keeps a command for EXEC; false when it is to be run now.
    mutating func queue(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) -> Bool {
        guard client.transaction != nil else { return false }
        switch call.command {
        case .exec, .discard, .multi, .watch, .quit, .reset: return false
        case .unknown:
            try run(call, for: &client, into: &reply)
            return true
        case .subscribe, .unsubscribe, .psubscribe, .punsubscribe, .wait, .repl:
            throw .notInTransaction(call.command)
        default: break
        }
        let stored = StoredCommand(call)
        client.transaction?.size += stored.bytes.count
        guard client.transaction?.size ?? 0 <= Transaction.sizeMax else { throw .valueTooLarge }
        client.transaction?.commands.append(stored)
        reply.simple("QUEUED")
        return true
    }

    mutating func runTransaction(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .multi:
            guard client.transaction == nil else { throw .nestedTransaction }
            client.transaction = Transaction()
            reply.ok()
        case .discard:
            guard client.transaction != nil else { throw .withoutTransaction(.discard) }
            end(&client)
            reply.ok()
        case .watch:
            guard client.transaction == nil else { throw .watchInTransaction }
            for word in 1..<call.count { watch([UInt8](copying: call[word]), &client) }
            reply.ok()
        case .unwatch:
            unwatch(&client)
            reply.ok()
        case .exec: try commit(call.now, &client, into: &reply)
        default: preconditionFailure("not a command on transactions: \(call.command)")
        }
    }

    private mutating func commit(
        _ now: CacheTime, _ client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard let transaction = client.transaction else { throw .withoutTransaction(.exec) }
        let isStale = client.watched.contains { watch in
            keyspace.watches.changes(of: watch.key) != watch.changes
        }
        end(&client)
        if transaction.isBroken { throw .brokenTransaction }
        if isStale { return reply.nullArray() }
        reply.arrayHeader(count: transaction.commands.count)
        for command in transaction.commands {
            execute(
                CommandCall(bytes: command.bytes.span, words: command.words.span, now: now),
                for: &client, into: &reply)
        }
    }

    private mutating func watch(_ key: [UInt8], _ client: inout ClientState) {
        if client.watched.contains(where: { $0.key == key }) { return }
        client.watched.append((key, keyspace.watches.watch(key)))
    }

    private mutating func unwatch(_ client: inout ClientState) {
        for watch in client.watched { keyspace.watches.unwatch(watch.key) }
        client.watched.removeAll()
    }

    private mutating func end(_ client: inout ClientState) {
        client.transaction = nil
        unwatch(&client)
    }

    /// What a client leaves behind when its connection ends.
    package mutating func forget(_ client: inout ClientState) {
        end(&client)
        subscriptions.forget(client.id)
        client.channelCount = 0
    }
}
