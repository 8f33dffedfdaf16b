// The pool of an HTTP client: places are handed on in order and never lost, and a kept connection
// that the server has closed harms nobody.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct HTTPPoolTests {
    @Test func `a request on a connection that was just closed goes again on a fresh one`()
        async throws
    {
        let server = try ScriptedServer([[.answer, .hangUp], [.answer, .answer, .answer]])
        let client = patientClient(server.address)
        for _ in 0..<3 {
            #expect(try await client.send(request("GET"), deadline: soon()).status == 200)
        }
        #expect(server.connectionCount == 2)
        #expect(client.connectionCount == 1)
    }

    @Test func `a request that is not idempotent does not go again`() async throws {
        let server = try ScriptedServer([[.answer, .hangUp], [.answer]])
        let client = patientClient(server.address)
        #expect(try await client.send(request("POST"), deadline: soon()).status == 200)
        await #expect(throws: ClientError.self) {
            _ = try await client.send(request("POST"), deadline: soon())
        }
        #expect(server.connectionCount == 1)
        #expect(client.connectionCount == 0)
    }

    @Test func `a fresh connection that breaks is not tried again`() async throws {
        let server = try ScriptedServer([[.hangUp], [.answer]])
        let client = patientClient(server.address)
        await #expect(throws: ClientError.self) {
            _ = try await client.send(request("GET"), deadline: soon())
        }
        #expect(server.connectionCount == 1)
        #expect(client.connectionCount == 0)
    }

    @Test func `a request is not sent again once an answer began`() async throws {
        let server = try ScriptedServer([[.answer, .half], [.answer]])
        let client = patientClient(server.address)
        #expect(try await client.send(request("GET"), deadline: soon()).status == 200)
        await #expect(throws: ClientError.self) {
            _ = try await client.send(request("GET"), deadline: soon())
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `a server that is gone after it took the request leaves the outcome open`()
        async throws
    {
        let server = try ScriptedServer([[.answer, .hangUpForGood]])
        let client = patientClient(server.address)
        _ = try await client.send(request("GET"), deadline: soon())
        do {
            _ = try await client.send(request("GET"), deadline: soon())
            Issue.record("nobody could have answered")
        } catch {
            #expect(!error.isWithoutEffect)
        }
    }

    @Test func `places are handed on in the order of asking`() async throws {
        var order: [String] = []
        let gate = Promise<Int>()
        let server = try HTTPServer(SocketAddress(ip: .loopback, port: 0)) { request in
            if request.head.path == "/0" { _ = await gate.value() }
            return HTTPResponse(200, json: .null)
        }
        defer { server.stop() }
        Task { @ReactorActor in await server.run() }
        let client = patientClient(server.address, connectionsMax: 1)
        var calls: [Task<Void, any Error>] = []
        for number in 0..<5 {
            calls.append(
                Task { @ReactorActor in
                    _ = try await client.send(request("GET", "/\(number)"), deadline: soon())
                    order.append("\(number)")
                })
            await Task.yield()
        }
        gate.fulfil(1)
        for call in calls { try await call.value }
        #expect(order == ["0", "1", "2", "3", "4"])
        #expect(client.connectionCount == 1)
    }

    @Test func `whoever gives up waiting takes no place from the next`() async throws {
        let gate = Promise<Int>()
        let server = try HTTPServer(SocketAddress(ip: .loopback, port: 0)) { _ in
            _ = await gate.value()
            return HTTPResponse(200, json: .null)
        }
        defer { server.stop() }
        Task { @ReactorActor in await server.run() }
        let client = patientClient(server.address, connectionsMax: 1)
        let first = Task { @ReactorActor in
            try await client.send(request("GET"), deadline: soon()).status
        }
        await Task.yield()
        let impatient = Task { @ReactorActor in
            try await client.send(request("GET"), deadline: .now() + .milliseconds(10)).status
        }
        await Task.yield()
        let patient = Task { @ReactorActor in
            try await client.send(request("GET"), deadline: soon()).status
        }
        await #expect(throws: ClientError.unreachable(.timedOut)) { _ = try await impatient.value }
        gate.fulfil(1)
        #expect(try await first.value == 200)
        #expect(try await patient.value == 200)
    }

    @Test func `places come back from every kind of failure`() async throws {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        let address = listener.address
        listener.close()
        let client = patientClient(address, connectionsMax: 2)
        for _ in 0..<10 {
            await #expect(throws: ClientError.unreachable(.refused)) {
                _ = try await client.send(request("GET"), deadline: soon())
            }
        }
        let silent = try Listener(SocketAddress(ip: .loopback, port: 0))
        let other = patientClient(silent.address, connectionsMax: 2)
        for _ in 0..<5 {
            await #expect(throws: ClientError.self) {
                _ = try await other.send(request("GET"), deadline: .now() + .milliseconds(5))
            }
        }
        await #expect(throws: ClientError.unreachable(.timedOut)) {
            _ = try await other.send(request("GET"), deadline: .now())
        }
        #expect(client.connectionCount == 0)
        #expect(other.connectionCount == 0)
    }

    @Test func `what the server closes while it lies idle is let go`() async throws {
        var limits = HTTPServerLimits()
        limits.idleTimeout = .milliseconds(500)
        let server = try HTTPServer(SocketAddress(ip: .loopback, port: 0), limits: limits) { _ in
            await Reactor.sleep(for: .milliseconds(5))
            return HTTPResponse(200, json: .null)
        }
        defer { server.stop() }
        Task { @ReactorActor in await server.run() }
        let client = patientClient(server.address)
        let burst = (0..<10).map { _ in
            Task { @ReactorActor in try await client.send(request("GET"), deadline: soon()).status }
        }
        for call in burst { #expect(try await call.value == 200) }
        #expect(client.connectionCount > 1)
        try await until { server.connectionCount == 0 }
        #expect(try await client.send(request("GET"), deadline: soon()).status == 200)
        #expect(client.connectionCount == 1)
    }

    private func request(_ method: String, _ target: String = "/") -> HTTPRequest {
        HTTPRequest(method, target, host: "x")
    }
}

/// A server that does with each request of each connection what its script says.
@ReactorActor
private final class ScriptedServer {
    enum Step {
        case answer, half, hangUp, hangUpForGood
    }

    private let listener: Listener
    private(set) var connectionCount = 0

    var address: SocketAddress { listener.address }

    init(_ scripts: [[Step]]) throws {
        listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        Task { @ReactorActor in
            for script in scripts {
                guard let connection = await listener.acceptNext() else { return }
                connectionCount += 1
                await follow(script, connection)
            }
        }
    }

    private func follow(_ script: [Step], _ connection: Connection) async {
        for step in script {
            guard (try? await connection.receive()) == true else { break }
            connection.inbound.consume(connection.inbound.count)
            switch step {
            case .answer:
                connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8))
            case .half: connection.send(Array("HTTP/1.1 200 OK\r\nContent-".utf8))
            case .hangUp: break
            case .hangUpForGood: listener.close()
            }
        }
        connection.close()
    }
}
