// A RESP2 server: many connections, each pipelined, replies in the order of the commands.
//
// Commands of one connection run side by side, so that a slow one (a write that waits for its
// majority) does not hold up the ones behind it; only the replies keep their order. A client that
// needs one command to see another's effect waits for its reply, as redis-cli does.
//
// A command may come on behalf of a request, `WITH id milliseconds COMMAND` (RequestContext.swift); one
// whose caller waits no longer is refused here, before anything is begun.

package import Linux
package import Reactor
package import Wire

/// How much one RESP server takes on.
package struct RESPServerLimits: Sendable {
    /// Further connections are closed as they come.
    package var connectionsMax = 10_000
    /// Commands of one connection in work at once; reading stops meanwhile.
    package var inFlightMax = 1024
    /// Unsent reply bytes of one connection; a reader that is slower than that is cut off.
    package var outboundBytesMax = 16 << 20

    package init() {}
}

/// Serves RESP2 on one address.
@ReactorActor
package final class RESPServer {
    package typealias Handler = @ReactorActor (RESPCommand) async -> RESPValue

    private let host: SessionHost<RESPSession>
    package let meter: ServerMeter

    /// Listens at once; nothing is accepted before `run`.
    package init(
        _ address: SocketAddress, limits: RESPServerLimits = RESPServerLimits(),
        handler: @escaping Handler
    ) throws(SyscallError) {
        let meter = ServerMeter()
        self.meter = meter
        host = try SessionHost(address, connectionsMax: limits.connectionsMax) { connection in
            RESPSession(connection, limits, meter, handler)
        }
    }

    package var address: SocketAddress { host.address }
    package var connectionCount: Int { host.connectionCount }

    /// Accepts until `stop` or `drain`.
    package func run() async { await host.run() }

    /// Accepts nothing more, answers what is in work, then closes every connection.
    package func drain(deadline: MonotonicTime) async { await host.drain(deadline: deadline) }

    /// Closes everything at once.
    package func stop() { host.stop() }
}

/// One connection: a reader that starts commands, a writer that sends replies in order.
@ReactorActor
private final class RESPSession: ServerSession {
    private let connection: Connection
    private let limits: RESPServerLimits
    private let handler: RESPServer.Handler
    private let meter: ServerMeter
    private var replies: [Promise<RESPValue>] = []
    private var isFinishing = false
    private let changed = Turnstile()

    init(
        _ connection: Connection, _ limits: RESPServerLimits, _ meter: ServerMeter,
        _ handler: @escaping RESPServer.Handler
    ) {
        self.connection = connection
        self.limits = limits
        self.meter = meter
        self.handler = handler
    }

    func run() async {
        let writer = Task { @ReactorActor in await writeReplies() }
        await readCommands()
        finish()
        await writer.value
    }

    /// Takes no further command; replies to those in work still go out.
    func finish() {
        isFinishing = true
        changed.wakeAll()
    }

    func cut() {
        connection.close()
        finish()
    }

    private func readCommands() async {
        do {
            while !isFinishing {
                while !isFinishing,
                    let command = try connection.take({ bytes in try RESPCommand.parse(bytes) })
                {
                    if command.count > 0 { start(command) }
                    while replies.count >= limits.inFlightMax, connection.isOpen {
                        _ = await changed.wait()
                    }
                }
                if isFinishing { return }
                guard try await connection.receive() else { return }
            }
        } catch let error as RESPError {
            refuse("ERR Protocol error: \(error.reason)")
        } catch {
            return
        }
    }

    private func start(_ command: RESPCommand) {
        let promise = Promise<RESPValue>()
        replies.append(promise)
        changed.wakeAll()
        let arrival = MonotonicTime.now()
        meter.begin()
        switch RequestContext.admit(command, at: arrival) {
        case .refused(let reason): finish(promise, .error(reason), command, nil, arrival)
        case .plain(let command):
            Task { @ReactorActor in
                finish(promise, await handler(command), command, nil, arrival)
            }
        case .under(let context, let command):
            Task { @ReactorActor in
                let reply = await RequestContext.$current.withValue(context) {
                    await handler(command)
                }
                finish(promise, reply, command, context.id, arrival)
            }
        }
    }

    private func finish(
        _ promise: Promise<RESPValue>, _ reply: RESPValue, _ command: RESPCommand, _ id: String?,
        _ arrival: MonotonicTime
    ) {
        promise.fulfil(reply)
        var request = FinishedRequest(
            name: command.name, id: id, outcome: "ok", duration: .now() - arrival)
        if case .error(let text) = reply {
            let code = text.prefix { ("A"..."Z").contains($0) }
            request.outcome = code.isEmpty || code.utf8.count > 16 ? "ERR" : String(code)
            request.error = String(text.prefix(128))
        }
        meter.end(request)
    }

    private func refuse(_ text: String) {
        let promise = Promise<RESPValue>()
        promise.fulfil(.error(text))
        replies.append(promise)
    }

    /// Sends replies in order, all that are ready in one write, and closes when none can follow.
    private func writeReplies() async {
        while let next = await nextReply() {
            guard await next.value() != nil else { break }
            connection.send(takeReadyReplies())
            if connection.outboundCount > limits.outboundBytesMax { break }
            changed.wakeAll()
        }
        _ = try? await connection.flush(deadline: .now() + .seconds(1))
        connection.close()
        // A reader that waits for room would wait for ever: no further reply will make any.
        changed.wakeAll()
    }

    /// The oldest reply that is owed; nil when none is and none will be.
    private func nextReply() async -> Promise<RESPValue>? {
        while replies.isEmpty, !isFinishing { _ = await changed.wait() }
        return replies.first
    }

    private func takeReadyReplies() -> [UInt8] {
        var bytes: [UInt8] = []
        var count = 0
        while count < replies.count, let value = replies[count].arrived {
            value.encode(into: &bytes)
            count += 1
        }
        replies.removeFirst(count)
        return bytes
    }
}
