// A pipelined RESP2 connection to one address, made on demand and made again after it broke.
//
// Answers come back in the order of the calls, so calls never wait for one another. A call whose
// deadline passes takes the connection down with it: the answers behind it are late by at least as
// much, and a fresh connection is the only one whose state is known.

package import Linux
package import Reactor
package import Wire

/// A client of one RESP server.
@ReactorActor
package final class RESPClient {
    package let address: SocketAddress

    private var link: Link?
    private var connecting: Promise<Result<Link, ClientError>>?

    package init(_ address: SocketAddress) { self.address = address }

    /// Sends one command and waits for its reply; an error reply is a value, not a throw.
    package func call(
        _ words: [String], connectWithin: Duration = .milliseconds(250), deadline: MonotonicTime
    ) async throws(ClientError) -> RESPValue {
        var bytes: [UInt8] = []
        bytes.appendRESP(command: words)
        return try await call(encoded: bytes, connectWithin: connectWithin, deadline: deadline)
    }

    /// Sends one command that is encoded already.
    package func call(
        encoded command: [UInt8], connectWithin: Duration = .milliseconds(250),
        deadline: MonotonicTime
    ) async throws(ClientError) -> RESPValue {
        let link = try await openLink(min(deadline, .now() + connectWithin))
        let reply = Promise<Result<RESPValue, ClientError>>()
        link.pending.append(reply)
        link.connection.send(command)
        guard let result = await reply.value(deadline: deadline) else {
            link.fail(.timedOut)
            throw .unanswered(.timedOut)
        }
        return try result.get()
    }

    /// Closes the connection; the next call opens another.
    package func close() {
        link?.fail(.closed)
        link = nil
    }

    private func openLink(_ deadline: MonotonicTime) async throws(ClientError) -> Link {
        if let link, link.isUsable { return link }
        if let connecting {
            guard let result = await connecting.value(deadline: deadline) else {
                throw .unreachable(.timedOut)
            }
            return try result.get()
        }
        let promise = Promise<Result<Link, ClientError>>()
        connecting = promise
        let result = await connect(deadline)
        connecting = nil
        promise.fulfil(result)
        return try result.get()
    }

    private func connect(_ deadline: MonotonicTime) async -> Result<Link, ClientError> {
        do {
            let connection = try await Connection.connect(to: address, deadline: deadline)
            let fresh = Link(connection)
            link = fresh
            Task { @ReactorActor in await fresh.readReplies() }
            return .success(fresh)
        } catch {
            return .failure(.unreachable(error))
        }
    }
}

/// One live connection and the calls that wait on it, oldest first.
@ReactorActor
private final class Link {
    let connection: Connection
    var pending = PendingReplies()

    init(_ connection: Connection) { self.connection = connection }

    var isUsable: Bool { connection.isOpen }

    func readReplies() async {
        do {
            while try await connection.receive() {
                while let value = try connection.take({ bytes in try RESPValue.parse(bytes) }) {
                    guard let reply = pending.takeFirst() else { return fail(.reset) }
                    reply.fulfil(.success(value))
                }
            }
            fail(.closed)
        } catch let error as TransportError {
            fail(error)
        } catch {
            fail(.reset)
        }
    }

    func fail(_ cause: TransportError) {
        connection.close()
        while let reply = pending.takeFirst() { reply.fulfil(.failure(.unanswered(cause))) }
    }
}

/// A queue that forgets its front in amortised constant time.
@ReactorActor
private struct PendingReplies {
    typealias Reply = Promise<Result<RESPValue, ClientError>>

    private var replies: [Reply?] = []
    private var head = 0

    init() {}

    mutating func append(_ reply: Reply) { replies.append(reply) }

    mutating func takeFirst() -> Reply? {
        guard head < replies.count else { return nil }
        let reply = replies[head]
        replies[head] = nil
        head += 1
        if head == replies.count {
            replies.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024, head * 2 >= replies.count {
            replies.removeFirst(head)
            head = 0
        }
        return reply
    }
}
