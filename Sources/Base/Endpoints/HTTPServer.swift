// An HTTP/1.1 server: keep-alive, pipelined requests answered in order, bounded everywhere.
//
// A request is read whole before its handler runs. Draining stops the listener, lets what is in
// work finish with `Connection: close`, and closes idle connections at once.

package import Linux
package import Reactor
package import Wire

/// What one HTTP server takes on.
package struct HTTPServerLimits: Sendable {
    /// Further connections are closed as they come.
    package var connectionsMax = 10_000
    /// Time for the whole of a request to arrive, from its first byte.
    package var requestTimeout: Duration = .seconds(10)
    /// Time that a kept connection may lie idle.
    package var idleTimeout: Duration = .seconds(75)
    package var message = HTTPLimits.standard

    package init() {}
}

/// Serves HTTP/1.1 on one address.
@ReactorActor
package final class HTTPServer {
    package typealias Handler = @ReactorActor (HTTPRequest) async -> HTTPResponse

    private let host: SessionHost<HTTPSession>
    package let meter: ServerMeter

    /// Listens at once; nothing is accepted before `run`.
    package init(
        _ address: SocketAddress, limits: HTTPServerLimits = HTTPServerLimits(),
        handler: @escaping Handler
    ) throws(SyscallError) {
        let meter = ServerMeter()
        self.meter = meter
        host = try SessionHost(address, connectionsMax: limits.connectionsMax) { connection in
            HTTPSession(connection, limits, meter, handler)
        }
    }

    package var address: SocketAddress { host.address }
    package var connectionCount: Int { host.connectionCount }

    /// Accepts until `stop` or `drain`.
    package func run() async { await host.run() }

    /// Accepts nothing more, lets what is in work finish, closes every connection.
    package func drain(deadline: MonotonicTime) async { await host.drain(deadline: deadline) }

    /// Closes everything at once.
    package func stop() { host.stop() }
}

/// One connection and its requests, one after the other.
@ReactorActor
private final class HTTPSession: ServerSession {
    private let connection: Connection
    private let limits: HTTPServerLimits
    private let handler: HTTPServer.Handler
    private let meter: ServerMeter
    private var isIdle = true
    private var isFinishing = false

    init(
        _ connection: Connection, _ limits: HTTPServerLimits, _ meter: ServerMeter,
        _ handler: @escaping HTTPServer.Handler
    ) {
        self.meter = meter
        self.connection = connection
        self.limits = limits
        self.handler = handler
    }

    func run() async {
        defer { connection.close() }
        do {
            while !isFinishing, let request = try await nextRequest() {
                let response = await measured(request)
                let stays = request.head.keepAlive && response.head.keepAlive && !isFinishing
                try await answer(response, to: request, keepAlive: stays)
                if !stays { return }
            }
        } catch let error as HTTPError {
            await refuse(error)
        } catch {
            return
        }
    }

    private func measured(_ request: HTTPRequest) async -> HTTPResponse {
        let arrival = MonotonicTime.now()
        meter.begin()
        let response = await handler(request)
        let headers = response.head.headers
        var finished = FinishedRequest(
            name: "\(request.head.method) \(request.head.path.prefix(128))",
            id: headers["x-request-id"] ?? request.head.headers["x-request-id"],
            outcome: "\(response.status / 100)xx", duration: .now() - arrival)
        if response.status >= 500 { finished.error = "status \(response.status)" }
        meter.end(finished)
        return response
    }

    /// Closes at once if no request is in work, else after its answer.
    func finish() {
        isFinishing = true
        if isIdle { connection.close() }
    }

    func cut() { connection.close() }

    private func nextRequest() async throws -> HTTPRequest? {
        isIdle = connection.inbound.isEmpty
        if isIdle {
            guard try await connection.receive(deadline: .now() + limits.idleTimeout) else {
                return nil
            }
        }
        isIdle = false
        let deadline = MonotonicTime.now() + limits.requestTimeout
        let message = limits.message
        guard let head = try await connection.requestHead(limits: message, deadline: deadline)
        else { return nil }
        if head.expectsContinue { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        let content = try await connection.requestContent(
            of: head, limits: message, deadline: deadline)
        return HTTPRequest(head: head, content: content)
    }

    private func answer(
        _ response: HTTPResponse, to request: HTTPRequest, keepAlive: Bool
    ) async throws(TransportError) {
        var head = response.head
        head.keepAlive = keepAlive
        head.version = request.head.version
        var bytes: [UInt8] = []
        if request.head.method == "HEAD" || HTTPResponseHead.hasNoContent(head.status) {
            // A proxied answer to HEAD brings the length of what GET would have brought.
            if request.head.method == "HEAD", head.headers["content-length"] == nil {
                head.headers["Content-Length"] = String(response.content.count)
            }
            head.body = .none
            head.encode(into: &bytes)
        } else {
            head.encode(into: &bytes, content: response.content)
        }
        connection.send(bytes)
        try await connection.flush(deadline: .now() + limits.requestTimeout)
    }

    private func refuse(_ error: HTTPError) async {
        let response = HTTPResponse(error.status, error: "\(error.reason)")
        var head = response.head
        head.keepAlive = false
        var bytes: [UInt8] = []
        head.encode(into: &bytes, content: response.content)
        connection.send(bytes)
        _ = try? await connection.flush(deadline: .now() + .seconds(1))
    }
}
