// HTTP/1.1 to one address over a pool of kept connections.
//
// The connection used last is used first, so that a pool which grew under a burst shrinks again
// as the far end closes what lies idle. Content is gathered whole, up to a limit.

package import Linux
package import Reactor
package import Wire

/// How a client connects and how many connections it keeps.
package struct HTTPClientOptions: Sendable {
    /// Connections at once; further requests wait for one.
    package var connectionsMax = 256
    /// Time that a connect may take.
    package var connectTimeout: Duration = .milliseconds(250)
    /// The local address of every connection; nil leaves it to the kernel.
    package var source: IPv4Address?
    package var limits = HTTPLimits.standard

    package init() {}
}

/// A client of one HTTP server.
@ReactorActor
package final class HTTPClient {
    package let address: SocketAddress
    private let options: HTTPClientOptions
    /// Kept connections, the one that has been idle longest first.
    private var idle: [Connection] = []
    /// Requests that hold a place, and so at most one connection each:
    /// 0 <= busy <= connectionsMax.
    private var busy = 0
    private let places = Turnstile()

    package init(_ address: SocketAddress, options: HTTPClientOptions = HTTPClientOptions()) {
        self.address = address
        self.options = options
    }

    /// Connections that exist or are being made, busy or idle.
    package var connectionCount: Int { busy + idle.count }

    /// Sends one request and gathers the whole response.
    ///
    /// The server may close a kept connection in the very moment in which a request goes out on
    /// it; an idempotent one is then sent again on a fresh connection (RFC 9112 section 9.3.1).
    package func send(
        _ request: HTTPRequest, deadline: MonotonicTime
    ) async throws(ClientError) -> HTTPResponse {
        try await takePlace(deadline)
        defer { givePlace() }
        guard let kept = takeIdle() else { return try await sendAfresh(request, deadline) }
        do {
            return try await exchange(request, on: kept, deadline)
        } catch {
            guard error.mayBeStale, request.isIdempotent else { throw error.cause }
            do {
                return try await sendAfresh(request, deadline)
            } catch .unreachable {
                // The first sending may still have had its effect.
                throw error.cause
            }
        }
    }

    /// Closes what lies idle.
    package func close() {
        for connection in idle { connection.close() }
        idle.removeAll()
    }

    // MARK: Pool

    /// Takes a place, or waits in line for one: a place that comes free is handed to the first in
    /// line, so nobody overtakes and no wake-up is lost on a caller that has given up.
    private func takePlace(_ deadline: MonotonicTime) async throws(ClientError) {
        guard .now() < deadline else { throw .unreachable(.timedOut) }
        if busy < options.connectionsMax {
            busy += 1
            return
        }
        guard await places.wait(deadline: deadline) else { throw .unreachable(.timedOut) }
    }

    private func givePlace() {
        if !places.wakeOne() { busy -= 1 }
    }

    private func takeIdle() -> Connection? {
        while let connection = idle.popLast() {
            if isReusable(connection) { return connection }
            connection.close()
        }
        return nil
    }

    /// Keeps a connection, and drops those that the server has closed: the oldest go first there.
    private func keep(_ connection: Connection) {
        let ended = idle.prefix { !isReusable($0) }
        for connection in ended { connection.close() }
        idle.removeFirst(ended.count)
        idle.append(connection)
    }

    private func isReusable(_ connection: Connection) -> Bool {
        connection.isOpen && !connection.peerIsDone && connection.inbound.isEmpty
    }

    // MARK: Exchange

    /// Why an exchange failed, and whether a connection closed while it was idle may explain it.
    private struct ExchangeFailure: Error {
        let cause: ClientError
        let mayBeStale: Bool
    }

    private func sendAfresh(
        _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async throws(ClientError) -> HTTPResponse {
        let connection: Connection
        do {
            let limit = min(deadline, .now() + options.connectTimeout)
            connection = try await Connection.connect(
                to: address, from: options.source, deadline: limit)
        } catch {
            throw .unreachable(error)
        }
        do {
            return try await exchange(request, on: connection, deadline)
        } catch {
            throw error.cause
        }
    }

    private func exchange(
        _ request: HTTPRequest, on connection: Connection, _ deadline: MonotonicTime
    ) async throws(ExchangeFailure) -> HTTPResponse {
        var bytes: [UInt8] = []
        request.encode(into: &bytes)
        connection.send(bytes)
        var isAnswering = false
        do {
            let head = try await responseHead(
                to: request, on: connection, deadline, isAnswering: &isAnswering)
            let content = try await responseContent(head, on: connection, deadline)
            if head.keepAlive, request.head.keepAlive, isReusable(connection) {
                keep(connection)
            } else {
                connection.close()
            }
            return HTTPResponse(head: head, content: content)
        } catch {
            connection.close()
            let wasClosed = error == .unanswered(.closed) || error == .unanswered(.reset)
            throw ExchangeFailure(cause: error, mayBeStale: wasClosed && !isAnswering)
        }
    }

    private func responseHead(
        to request: HTTPRequest, on connection: Connection, _ deadline: MonotonicTime,
        isAnswering: inout Bool
    ) async throws(ClientError) -> HTTPResponseHead {
        let limits = options.limits
        while true {
            do {
                let head = try connection.take { (bytes) throws(HTTPError) in
                    try HTTPResponseHead.parse(
                        bytes, answering: request.head.method, limits: limits)
                }
                if let head, !head.isInterim { return head }
                if head != nil { continue }
            } catch {
                throw .malformed
            }
            guard try await receive(connection, deadline) else { throw .unanswered(.closed) }
            isAnswering = true
        }
    }

    private func responseContent(
        _ head: HTTPResponseHead, on connection: Connection, _ deadline: MonotonicTime
    ) async throws(ClientError) -> [UInt8] {
        var decoder = HTTPBodyDecoder(head.body, limits: options.limits)
        var content: [UInt8] = []
        while !decoder.isDone {
            do {
                let consumed = try connection.inbound.withSpan { (bytes) throws(HTTPError) in
                    try decoder.consume(bytes, into: &content).consumed
                }
                connection.inbound.consume(consumed)
                if decoder.isDone { break }
                if try await receive(connection, deadline) { continue }
                try decoder.finish()
                return content
            } catch let error as ClientError {
                throw error
            } catch {
                throw .malformed
            }
        }
        return content
    }

    private func receive(
        _ connection: Connection, _ deadline: MonotonicTime
    ) async throws(ClientError) -> Bool {
        do {
            return try await connection.receive(deadline: deadline)
        } catch {
            throw .unanswered(error)
        }
    }
}
