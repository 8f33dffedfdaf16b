// One client: its stream, and what becomes of the bytes that it sends. Driven by callbacks, since a client that
// waits for its answers gives the loop one small batch at a time, and a task that waits for each would cost as
// much as the batch. What does take time (a reader that is slow, a WAIT) holds the client, and nobody else.

import Linux
import Reactor

@ReactorActor
final class CacheSession: StreamOwner {
    let stream: DuplexStream
    private(set) var exchange: CommandExchange
    private let server: CacheServer
    /// Nothing more is run before something has happened.
    private var isHeld = false
    /// No more is run at all: the replies go out, then the connection ends.
    private var isEnding = false
    private let emptied = Turnstile()
    /// What this client has had of the loop in this turn, in bytes.
    private var turnCost = 0

    /// About a millisecond of small commands.
    private static let turnCostMax = 64 << 10

    init(_ stream: DuplexStream, id: Int, of server: CacheServer) {
        self.stream = stream
        self.server = server
        exchange = CommandExchange(client: ClientState(id: id))
        stream.owner = self
    }

    var id: Int { exchange.client.id }

    var client: ClientState {
        get { exchange.client }
        set { exchange.client = newValue }
    }

    func streamChanged(_ stream: DuplexStream) {
        turnCost = 0
        if stream.outboundCount == 0 || !stream.isOpen { emptied.wakeAll() }
        work()
    }

    /// Takes what has come and runs it, as far as that goes now.
    private func work() {
        while !isHeld, !isEnding {
            switch stream.receive() {
            case .bytes: runReceived()
            case .nothing: return
            case .end: return end()
            case .failed: return server.dismiss(self)
            }
        }
    }

    /// Runs all complete commands, unless something holds the client before.
    private func runReceived() {
        var outcome: CommandExchange.Outcome
        repeat {
            let before = stream.inbound.count
            outcome = exchange.run(
                stream.inbound, on: &server.engine, now: .now(),
                replyMax: server.limits.replyBatchMax)
            stream.inbound.consume(exchange.consumed)
            turnCost += before - stream.inbound.count
            guard outcome != .overfull else { return server.closeSlowReader(self) }
            if exchange.reply.count > 0 {
                stream.send(exchange.reply.span)
                exchange.reply.removeAll()
            }
            server.settle(self)
            holdIfNeeded()
        } while outcome == .moreToRun && !isHeld && stream.isOpen
        if outcome == .closing { end() }
    }

    private func holdIfNeeded() {
        if let command = exchange.client.peerCommand {
            exchange.client.peerCommand = nil
            if server.answerAtOnce(command, of: self) { return }
            hold { [self] in await server.see(to: command, of: self) }
        } else if stream.outboundCount > server.limits.outboundMax {
            hold { [self] in
                if await flush(within: server.limits.slowReaderTimeout) { return }
                server.closeSlowReader(self)
            }
        } else if turnCost >= CacheSession.turnCostMax {
            // A client that always has more to say must not keep the loop from the others.
            hold { await Reactor.sleep(for: .zero) }
        }
    }

    /// Runs nothing of this client until the operation is done.
    private func hold(_ operation: @escaping @ReactorActor () async -> Void) {
        isHeld = true
        Task { @ReactorActor in
            await operation()
            isHeld = false
            guard stream.isOpen, !isEnding else { return }
            turnCost = 0
            runReceived()
            work()
        }
    }

    /// Ends the connection once the replies are with the kernel, or their reader has had its time.
    private func end() {
        guard !isEnding else { return }
        isEnding = true
        guard stream.isOpen, stream.outboundCount > 0 else { return server.dismiss(self) }
        Task { @ReactorActor in
            _ = await flush(within: server.limits.slowReaderTimeout)
            server.dismiss(self)
        }
    }

    /// True once the kernel has all the replies, or nobody wants them any more.
    func flush(within timeout: Duration) async -> Bool {
        let deadline = MonotonicTime.now() + timeout
        while stream.isOpen, stream.outboundCount > 0 {
            guard await emptied.wait(deadline: deadline) else { return false }
        }
        return true
    }

    /// Sends a message of a channel that this client listens to; false when it does not read them.
    func deliver(_ delivery: Subscriptions.Delivery, outboundMax: Int) -> Bool {
        var message = ReplyBuffer(version: exchange.reply.version)
        message.message(delivery)
        stream.send(message.span)
        return stream.outboundCount <= outboundMax
    }

    /// Ends the connection at once.
    func close() { server.dismiss(self) }

    /// What `dismiss` does with the session's own part.
    func release() {
        isEnding = true
        stream.close()
        emptied.wakeAll()
    }
}
