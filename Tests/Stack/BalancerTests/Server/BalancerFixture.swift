// A balancer between a client and backends of the test's own, all over loopback.

import Balancer
import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

/// A backend whose answers the test decides.
@ReactorActor
final class TestBackend {
    typealias Answer = @ReactorActor (HTTPRequest) async -> HTTPResponse

    let server: HTTPServer
    private let seen: Requests

    /// The requests that reached it, checks aside.
    var requests: [HTTPRequest] { seen.all }

    var address: SocketAddress { server.address }

    /// Answers checks with 200 itself, unless the test wants them.
    init(answersChecks: Bool = true, _ answer: @escaping Answer) throws {
        let seen = Requests()
        self.seen = seen
        let handler: HTTPServer.Handler = { request in
            if answersChecks, request.head.path == "/health/ready" {
                return HTTPResponse(200, json: .null)
            }
            seen.all.append(request)
            return await answer(request)
        }
        server = try HTTPServer(SocketAddress(ip: .loopback, port: 0), handler: handler)
        Task { @ReactorActor [server] in await server.run() }
    }

    /// An address where nobody listens.
    static func absent() throws -> SocketAddress {
        let listener = try Listener(SocketAddress(ip: .loopback, port: 0))
        defer { listener.close() }
        return listener.address
    }

    @ReactorActor
    private final class Requests {
        var all: [HTTPRequest] = []
    }
}

/// A balancer over some backends, and a client of it.
@ReactorActor
final class BalancerFixture {
    let balancer: BalancerServer
    let client: HTTPClient
    let address: SocketAddress

    /// Checks come once at the start and then not within a test's time, unless it changes that.
    init(
        _ backends: [SocketAddress], change: (inout BalancerSettings) -> Void = { _ in }
    ) throws {
        var settings = BalancerSettings(
            backends: backends.enumerated().map { index, address in
                NamedAddress(name: "app-\(index + 1)", address: address)
            })
        settings.policy = .roundRobin
        settings.checkInterval = .seconds(3600)
        settings.checkTimeout = .seconds(10)
        settings.connectTimeout = .seconds(10)
        settings.tryTimeout = .seconds(15)
        settings.requestTimeout = .seconds(15)
        change(&settings)
        balancer = try BalancerServer(SocketAddress(ip: .loopback, port: 0), settings)
        address = try #require(balancer.address)
        client = patientClient(address)
        Task { @ReactorActor [balancer] in await balancer.run() }
    }

    func send(
        _ method: String, _ target: String = "/x", headers: HTTPHeaders = [:]
    ) async throws -> HTTPResponse {
        let request = HTTPRequest(method, target, host: "x", headers: headers)
        return try await client.send(request, deadline: soon())
    }

    func status() async throws -> JSON {
        try #require(try await send("GET", "/-/status").json)
    }
}

/// A client that slowness of the machine does not make give up.
@ReactorActor
func patientClient(_ address: SocketAddress) -> HTTPClient {
    var options = HTTPClientOptions()
    options.connectTimeout = .seconds(10)
    return HTTPClient(address, options: options)
}

func soon() -> MonotonicTime { .now() + .seconds(20) }

func ok(_ text: String = "ok") -> HTTPResponse { HTTPResponse(200, json: ["by": .string(text)]) }

/// Waits until the condition holds; a test that waits in vain fails here.
@ReactorActor
func until(
    _ condition: @ReactorActor () async throws -> Bool,
    at location: SourceLocation = #_sourceLocation
) async throws {
    let deadline = soon()
    while try await !condition() {
        try #require(
            MonotonicTime.now() < deadline, "the condition never came true",
            sourceLocation: location)
        await Reactor.sleep(for: .milliseconds(1))
    }
}
