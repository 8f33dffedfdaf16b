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
    private var idle: [Connection] = []
    private var openCount = 0
    private let freed = Turnstile()

    package init(_ address: SocketAddress, options: HTTPClientOptions = HTTPClientOptions()) {
        self.address = address
        self.options = options
    }

    /// Connections that exist, busy or idle.
    package var connectionCount: Int { openCount }

    /// Sends one request and gathers the whole response.
    package func send(
        _ request: HTTPRequest, deadline: MonotonicTime
    ) async throws(ClientError) -> HTTPResponse {
        let connection = try await checkOut(deadline)
        do {
            let response = try await exchange(request, on: connection, deadline)
            checkIn(connection, reusable: response.head.keepAlive && request.head.keepAlive)
            return response
        } catch {
            checkIn(connection, reusable: false)
            throw error
        }
    }

    /// Closes what lies idle.
    package func close() {
        for connection in idle { discard(connection) }
        idle.removeAll()
    }

    // MARK: Pool

    private func checkOut(_ deadline: MonotonicTime) async throws(ClientError) -> Connection {
        while true {
            while let connection = idle.popLast() {
                if connection.isOpen, !connection.peerIsDone { return connection }
                discard(connection)
            }
            if openCount < options.connectionsMax { return try await connect(deadline) }
            guard await freed.wait(deadline: deadline) else { throw .unreachable(.timedOut) }
        }
    }

    private func connect(_ deadline: MonotonicTime) async throws(ClientError) -> Connection {
        openCount += 1
        do {
            let limit = min(deadline, .now() + options.connectTimeout)
            return try await Connection.connect(
                to: address, from: options.source, deadline: limit)
        } catch {
            openCount -= 1
            freed.wakeOne()
            throw .unreachable(error)
        }
    }

    private func checkIn(_ connection: Connection, reusable: Bool) {
        if reusable, connection.isOpen, connection.inbound.isEmpty {
            idle.append(connection)
            freed.wakeOne()
        } else {
            discard(connection)
        }
    }

    private func discard(_ connection: Connection) {
        connection.close()
        openCount -= 1
        freed.wakeOne()
    }

    // MARK: Exchange

    private func exchange(
        _ request: HTTPRequest, on connection: Connection, _ deadline: MonotonicTime
    ) async throws(ClientError) -> HTTPResponse {
        var bytes: [UInt8] = []
        request.encode(into: &bytes)
        connection.send(bytes)
        let head = try await responseHead(to: request, on: connection, deadline)
        let content = try await responseContent(head, on: connection, deadline)
        return HTTPResponse(head: head, content: content)
    }

    private func responseHead(
        to request: HTTPRequest, on connection: Connection, _ deadline: MonotonicTime
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
