// One client: where its bytes are cut into commands, run, and answered.

import Reactor

@ReactorActor
final class CacheSession {
    let connection: Connection
    private var scanner = CommandScanner()
    var client: ClientState
    private var reply = ReplyBuffer()
    /// What this client has had of the loop since it last gave way, in bytes.
    private var turnCost = 0

    /// About a millisecond of small commands.
    private static let turnCostMax = 64 << 10
    /// What a read and a write cost, whatever they carry.
    private static let batchCost = 512

    init(_ connection: Connection, id: Int) {
        self.connection = connection
        client = ClientState(id: id)
    }

    var id: Int { client.id }

    /// True once the client has had its share of the loop; the next share starts with the call.
    func endsTurn() -> Bool {
        guard turnCost >= CacheSession.turnCostMax else { return false }
        turnCost = 0
        return true
    }

    enum Outcome: Equatable {
        /// Everything complete has run.
        case idle
        /// The reply buffer is full and commands are left.
        case moreToRun
        /// QUIT, or bytes that are no command: close once the replies are out.
        case closing
        /// One command asked for more than a reply may hold.
        case overfull
    }

    /// Runs commands until none is complete or `replyMax` bytes of replies have gathered.
    func run(on engine: inout CacheEngine, now: CacheTime, replyMax: Int) -> Outcome {
        var consumed = 0
        let outcome = run(
            connection.inbound, on: &engine, now: now, replyMax: replyMax,
            consumed: &consumed)
        connection.inbound.consume(consumed)
        turnCost += consumed + CacheSession.batchCost
        return reply.isOverfull ? .overfull : outcome
    }

    /// Sends a message of a channel that this client listens to; false when it does not read them.
    func deliver(_ delivery: Subscriptions.Delivery, outboundMax: Int) -> Bool {
        var message = ReplyBuffer(version: reply.version)
        message.message(delivery)
        connection.send(message.bytes)
        return connection.outboundCount <= outboundMax
    }

    func sendReplies() {
        guard !reply.bytes.isEmpty else { return }
        connection.send(reply.bytes)
        reply.removeAll()
    }

    private func run(
        _ inbound: borrowing ByteQueue, on engine: inout CacheEngine, now: CacheTime, replyMax: Int,
        consumed: inout Int
    ) -> Outcome {
        do throws(ProtocolViolation) {
            while !client.isQuitting, client.peerCommand == nil, reply.bytes.count < replyMax {
                let rest = inbound.span.extracting(consumed...)
                guard let size = try scanner.next(in: rest) else { return .idle }
                consumed += size
                guard !scanner.words.isEmpty else { continue }
                engine.execute(
                    CommandCall(bytes: rest, words: scanner.words.span, now: now),
                    for: &client, into: &reply)
            }
        } catch {
            reply.error("ERR \(error.text)")
            return .closing
        }
        return client.isQuitting ? .closing : .moreToRun
    }
}
