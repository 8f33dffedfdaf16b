// HTTP client against HTTP server over loopback: reuse, order, limits, endings.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct HTTPEndpointTests {
    @Test func `a hundred requests share one connection`() async throws {
        let server = try serving { request in
            HTTPResponse(200, json: ["path": .string(request.head.path)])
        }
        defer { server.stop() }
        let client = HTTPClient(server.address)
        for number in 0..<100 {
            let response = try await client.send(get("/\(number)"), deadline: soon())
            #expect(response.json == ["path": .string("/\(number)")])
        }
        #expect(client.connectionCount == 1)
        #expect(server.connectionCount == 1)
    }

    @Test func `content travels both ways`() async throws {
        let server = try serving { request in
            HTTPResponse(head: HTTPResponseHead(status: 201), content: request.content.reversed())
        }
        defer { server.stop() }
        var request = HTTPRequest("POST", "/", host: "x")
        request.content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        let response = try await HTTPClient(server.address).send(request, deadline: soon())
        #expect(response.status == 201)
        #expect(response.content == request.content.reversed())
    }

    @Test func `no more connections than allowed, and the rest wait their turn`() async throws {
        let server = try serving { _ in
            await Reactor.sleep(for: .milliseconds(2))
            return HTTPResponse(200, json: .null)
        }
        defer { server.stop() }
        var options = HTTPClientOptions()
        options.connectionsMax = 3
        let client = HTTPClient(server.address, options: options)
        let calls = (0..<20).map { _ in
            Task { @ReactorActor in try await client.send(get("/"), deadline: soon()).status }
        }
        for call in calls { #expect(try await call.value == 200) }
        #expect(client.connectionCount <= 3)
    }

    @Test func `an answer that never comes is unanswered`() async throws {
        let server = try serving { _ in
            _ = await Promise<Int>().value()
            return HTTPResponse(200, json: .null)
        }
        defer { server.stop() }
        await #expect(throws: ClientError.unanswered(.timedOut)) {
            _ = try await HTTPClient(server.address)
                .send(get("/"), deadline: .now() + .milliseconds(30))
        }
    }

    @Test func `a malformed request is refused with its status`() async throws {
        let server = try serving { _ in HTTPResponse(200, json: .null) }
        defer { server.stop() }
        let connection = try await Connection.connect(to: server.address, deadline: soon())
        connection.send(Array("GET / HTTP/1.1\r\nbad header\r\n\r\n".utf8))
        var open = true
        while open { open = try await connection.receive(deadline: soon()) }
        let text = String(decoding: connection.inbound.bytes, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(text.contains("Connection: close"))
    }

    @Test func `draining finishes what is in work and says close`() async throws {
        let gate = Promise<Int>()
        let inWork = Promise<Int>()
        let server = try serving { _ in
            inWork.fulfil(1)
            _ = await gate.value()
            return HTTPResponse(200, json: .null)
        }
        let client = HTTPClient(server.address)
        let call = Task { @ReactorActor in try await client.send(get("/"), deadline: soon()) }
        _ = await inWork.value(deadline: soon())
        let drain = Task { @ReactorActor in await server.drain(deadline: soon()) }
        await Task.yield()
        gate.fulfil(1)
        let response = try await call.value
        #expect(response.status == 200)
        #expect(!response.head.keepAlive)
        await drain.value
        #expect(client.connectionCount == 0)
    }

    private func serving(_ handler: @escaping HTTPServer.Handler) throws -> HTTPServer {
        let server = try HTTPServer(SocketAddress(ip: .loopback, port: 0), handler: handler)
        Task { @ReactorActor in await server.run() }
        return server
    }

    private func get(_ target: String) -> HTTPRequest { HTTPRequest("GET", target, host: "x") }

    private func soon() -> MonotonicTime { .now() + .seconds(20) }
}
