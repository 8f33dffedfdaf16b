// SUBSCRIBE, PUBLISH and their kin.

extension CacheEngine {
    mutating func runPubSub(
        _ call: borrowing CommandCall, for client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        switch call.command {
        case .subscribe: try subscribe(call, to: .channel, &client, into: &reply)
        case .psubscribe: try subscribe(call, to: .pattern, &client, into: &reply)
        case .unsubscribe: unsubscribe(call, from: .channel, &client, into: &reply)
        case .punsubscribe: unsubscribe(call, from: .pattern, &client, into: &reply)
        case .publish:
            reply.integer(
                subscriptions.publish([UInt8](copying: call[2]), on: [UInt8](copying: call[1])))
        case .pubsub: try describeChannels(call, into: &reply)
        default: preconditionFailure("not a command on channels: \(call.command)")
        }
    }

    private mutating func subscribe(
        _ call: borrowing CommandCall, to subject: Subscriptions.Subject,
        _ client: inout ClientState, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        guard subscriptions.count(of: client.id) + call.count - 1 <= Subscriptions.countMax else {
            throw .tooManySubscriptions
        }
        for word in 1..<call.count {
            let name = [UInt8](copying: call[word])
            subscriptions.add(client.id, to: name, subject)
            client.channelCount = subscriptions.count(of: client.id)
            confirm(call, name, client, into: &reply)
        }
    }

    /// Without names: from all.
    private mutating func unsubscribe(
        _ call: borrowing CommandCall, from subject: Subscriptions.Subject,
        _ client: inout ClientState, into reply: inout ReplyBuffer
    ) {
        var names: [[UInt8]] = []
        for word in 1..<max(1, call.count) { names.append([UInt8](copying: call[word])) }
        if names.isEmpty { names = subscriptions.names(of: client.id, subject) }
        if names.isEmpty { return confirm(call, nil, client, into: &reply) }
        for name in names {
            subscriptions.remove(client.id, from: name, subject)
            client.channelCount = subscriptions.count(of: client.id)
            confirm(call, name, client, into: &reply)
        }
    }

    private func confirm(
        _ call: borrowing CommandCall, _ name: [UInt8]?, _ client: ClientState,
        into reply: inout ReplyBuffer
    ) {
        reply.pushHeader(count: 3)
        reply.bulk(call.command.name)
        reply.bulk(name)
        reply.integer(client.channelCount)
    }

    private func describeChannels(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if call.word(1, is: "CHANNELS"), call.count <= 3 {
            let pattern = call.count == 3 ? [UInt8](copying: call[2]) : nil
            let names = subscriptions.activeChannels(pattern)
            reply.arrayHeader(count: names.count)
            for name in names { reply.bulk(name) }
        } else if call.word(1, is: "NUMSUB") {
            reply.arrayHeader(count: 2 * (call.count - 2))
            for word in 2..<call.count {
                reply.bulk([UInt8](copying: call[word]))
                reply.integer(subscriptions.subscriberCount(of: [UInt8](copying: call[word])))
            }
        } else if call.word(1, is: "NUMPAT"), call.count == 2 {
            reply.integer(subscriptions.patternCount)
        } else {
            throw .unknownSubcommand(call.text(1), of: .pubsub)
        }
    }
}

extension ReplyBuffer {
    mutating func message(_ delivery: Subscriptions.Delivery) {
        pushHeader(count: delivery.pattern == nil ? 3 : 4)
        bulk(delivery.pattern == nil ? "message" : "pmessage")
        if let pattern = delivery.pattern { bulk(pattern) }
        bulk(delivery.channel)
        bulk(delivery.message)
    }
}
