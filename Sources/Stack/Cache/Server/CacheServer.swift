// The cache on the network: accepts clients, runs each batch of commands that a read brings, answers with one
// write a batch. Everything runs on the one loop, so that a command is atomic without a lock, as in Redis.

package import Blueprint
package import Linux
package import Reactor

/// How much of the machine the clients may take.
package struct CacheServerLimits: Sendable {
    /// Connections at a time; one more is told so and closed.
    package var clientsMax = 10_000
    /// Bytes of replies that may wait for one client before the server stops reading from it.
    package var outboundMax = 1 << 20
    /// How long a client may leave its replies unread past `outboundMax` before it is closed.
    package var slowReaderTimeout = Duration.seconds(10)
    /// Bytes of replies that are gathered before they are written, however many commands are left to run.
    package var replyBatchMax = 256 << 10
    /// Time between two rounds of active expiry; Redis' `hz 10`.
    package var expiryInterval = Duration.milliseconds(100)
    /// Keys that one round may expire: bounds the pause that a round makes.
    package var expiryCountMax = 2000

    package init() {}
}

/// A Redis-compatible cache that listens on one address.
@ReactorActor
package final class CacheServer {
    package internal(set) var engine: CacheEngine
    private(set) var replicator: Replicator?
    let limits: CacheServerLimits
    private let listener: Listener
    private var sessions: [Int: CacheSession] = [:]
    private var nextClient = 1
    private var isDraining = false
    private let emptied = Turnstile()

    /// Starts to listen at once; clients are served once `run` is called.
    package init(
        listen: SocketAddress, settings: CacheSettings, dataFolder: String? = nil,
        limits: CacheServerLimits = CacheServerLimits()
    ) throws(SyscallError) {
        self.limits = limits
        listener = try Listener(listen)
        // The start makes this process's lease tokens differ from its predecessor's.
        let seed = UInt64(truncatingIfNeeded: MonotonicTime.now().nanoseconds)
        engine = CacheEngine(
            keyspace: Keyspace(
                memoryLimit: settings.memoryLimit, policy: settings.policy, hashSeed: seed),
            facts: ServerFacts(
                processID: CurrentProcess.id, port: listener.address.port, startedAt: .now(),
                clientsMax: limits.clientsMax))
        engine.facts.wallAhead = .wallAhead()
        if let group = settings.group, group.members.count > 1, let dataFolder {
            replicator = try Replicator(self, group, folder: dataFolder)
        }
    }

    /// The bound address, with the port that the kernel chose where 0 was asked for.
    package var address: SocketAddress { listener.address }

    /// Serves until `drain`; returns when the last client is gone.
    package func run() async {
        Task { @ReactorActor in await expireRegularly() }
        if let replicator { Task { @ReactorActor in await replicator.run() } }
        while let stream = await listener.nextStream() { admit(stream) }
        while !sessions.isEmpty { _ = await emptied.wait() }
    }

    /// Stops accepting, delivers the replies of what has been received, and closes every connection.
    package func drain(within timeout: Duration) async {
        isDraining = true
        listener.close()
        replicator?.stop()
        // Two turns of the loop, so that what already lies in the sockets is read in the one and answered
        // in the other. A sleep would not do: after a slow turn it is over before epoll has been asked.
        for _ in 0..<3 { await giveWay() }
        let deadline = MonotonicTime.now() + timeout
        for session in Array(sessions.values) {
            // A client that will not read within the time is closed all the same.
            _ = await session.flush(within: max(.zero, deadline - .now()))
            dismiss(session)
        }
        while !sessions.isEmpty { _ = await emptied.wait() }
        // It holds the server, since its calls to peers may end later than this.
        replicator = nil
    }

    // MARK: Clients

    private func admit(_ stream: DuplexStream) {
        engine.facts.connectionsReceived += 1
        guard sessions.count < engine.facts.clientsMax else {
            engine.facts.connectionsRejected += 1
            stream.send([UInt8]("-ERR max number of clients reached\r\n".utf8))
            stream.close()
            return
        }
        let session = CacheSession(stream, id: nextClient, of: self)
        nextClient += 1
        sessions[session.id] = session
        engine.facts.connectedClients = sessions.count
    }

    /// Ends a client's connection and forgets the client; more than once is harmless.
    func dismiss(_ session: CacheSession) {
        guard sessions.removeValue(forKey: session.id) != nil else { return }
        session.release()
        engine.forget(&session.client)
        replicator?.forget(session)
        engine.facts.connectedClients = sessions.count
        if sessions.isEmpty { emptied.wakeAll() }
    }

    func closeSlowReader(_ session: CacheSession) {
        engine.facts.slowReadersClosed += 1
        dismiss(session)
    }

    /// What a batch of commands leaves to do for others than its client.
    func settle(_ session: CacheSession) {
        if !engine.subscriptions.deliveries.isEmpty { deliver() }
        replicator?.pump()
    }

    /// What a peer says; false for a command that takes time.
    func answerAtOnce(_ command: StoredCommand, of session: CacheSession) -> Bool {
        guard CacheCommand.named(command.bytes[command.words[0]].span) == .repl else {
            return false
        }
        replicator?.answer(command, of: session)
        return true
    }

    /// Runs a command that takes time, and answers it.
    func see(to command: StoredCommand, of session: CacheSession) async {
        guard let replicator else { return }
        let numbers = command.words.dropFirst().map {
            Decimal.parse(command.bytes[$0].span) ?? 0
        }
        // Zero waits for as long as it takes; a client that is gone must not be waited for for ever.
        let limit: Duration = numbers[1] == 0 ? .seconds(60) : .milliseconds(numbers[1])
        let reached = await replicator.wait(
            for: Int(clamping: numbers[0]), until: .now() + min(limit, .seconds(60)))
        var reply = ReplyBuffer()
        reply.integer(reached)
        session.stream.send(reply.span)
    }

    /// Sends what was published; a subscriber that lets too much pile up is closed, since it would
    /// otherwise take the memory of all.
    private func deliver() {
        let deliveries = engine.subscriptions.deliveries
        engine.subscriptions.deliveries.removeAll()
        for delivery in deliveries {
            guard let session = sessions[delivery.client], session.stream.isOpen else {
                continue
            }
            let max = engine.facts.subscriberOutboundMax
            if !session.deliver(delivery, outboundMax: max) { closeSlowReader(session) }
        }
    }

    /// Lets everything else that is ready run first.
    ///
    /// Not `Task.yield`, which goes by way of the runtime's own threads and so costs two hops.
    private func giveWay() async { await Reactor.sleep(for: .zero) }

    // MARK: Expiry

    private func expireRegularly() async {
        while !isDraining {
            await Reactor.sleep(for: limits.expiryInterval)
            engine.facts.wallAhead = .wallAhead()
            // As long as a round finds its fill there is more to do; let the clients have a turn between.
            while engine.keyspace.expireDue(at: .now(), countMax: limits.expiryCountMax)
                == limits.expiryCountMax
            {
                await Reactor.sleep(for: .milliseconds(1))
            }
        }
    }
}

extension Int64 {
    /// Milliseconds by which the wall clock is ahead of the cache's own.
    fileprivate static func wallAhead() -> Int64 {
        let wall = WallTime.now().nanoseconds / 1_000_000
        return wall - CacheTime.now().milliseconds
    }
}

extension CacheTime {
    /// The monotonic clock, read in one place: a skewed wall clock must not expire sessions.
    static func now() -> CacheTime {
        CacheTime(milliseconds: MonotonicTime.now().nanoseconds / 1_000_000)
    }
}
