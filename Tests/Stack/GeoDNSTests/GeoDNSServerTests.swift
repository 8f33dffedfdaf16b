// The server over real sockets: UDP, TCP with pipelining, health checks of real endpoints, status.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import GeoDNS

@ReactorActor
private final class Harness {
    let server: GeoDNSServer
    private let serving: Task<Void, Never>

    init(_ settings: GeoDNSSettings) throws {
        let server = try GeoDNSServer(
            name: "dns-1", listen: SocketAddress(ip: .loopback, port: 0), settings: settings,
            seed: 1)
        self.server = server
        serving = Task { @ReactorActor in await server.run() }
    }

    func stop() async {
        await server.drain()
        await serving.value
    }

    func ask(_ query: DNSMessage) async throws -> DNSMessage {
        let address = try #require(server.address)
        let exchange = try DatagramExchange(with: address)
        try exchange.send(query.encoded())
        let bytes = try await exchange.receive(deadline: .now() + .seconds(5))
        return try DNSMessage.parse(bytes.span)
    }

    func get(_ path: String) async throws -> HTTPResponse {
        let address = try #require(server.statusAddress)
        let client = HTTPClient(address)
        defer { client.close() }
        return try await client.send(
            HTTPRequest("GET", path, host: "dns-1"), deadline: .now() + .seconds(5))
    }

    func connect() async throws -> Connection {
        let address = try #require(server.address)
        return try await Connection.connect(to: address, deadline: .now() + .seconds(5))
    }
}

@ReactorActor
private func withServer(
    _ settings: GeoDNSSettings, _ body: @ReactorActor (Harness) async throws -> Void
) async throws {
    let harness = try Harness(settings)
    do {
        try await body(harness)
    } catch {
        await harness.stop()
        throw error
    }
    await harness.stop()
}

private func framed(_ message: DNSMessage) -> [UInt8] {
    let bytes = message.encoded()
    return [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
}

@ReactorActor
private func reply(on connection: Connection) async throws -> DNSMessage {
    while true {
        let bytes = connection.take { span -> ([UInt8], Int)? in
            guard span.count >= 2 else { return nil }
            let count = Int(span[0]) << 8 | Int(span[1])
            guard span.count >= count + 2 else { return nil }
            return ((2..<count + 2).map { span[$0] }, count + 2)
        }
        if let bytes { return try DNSMessage.parse(bytes.span) }
        try #require(try await connection.receive(deadline: .now() + .seconds(5)))
    }
}

@Suite(.timeLimit(.minutes(1)))
@ReactorActor
struct GeoDNSServerTests {
    private func settings() throws -> GeoDNSSettings {
        var settings = try GeoSample.settings()
        settings.check = .none
        return settings
    }

    @Test func `a datagram is answered`() async throws {
        try await withServer(try settings()) { harness in
            let reply = try await harness.ask(try GeoSample.query("www.faultline.test"))
            #expect(reply.addresses.count == 2)
            #expect(reply.id == 77)
        }
    }

    @Test func `more datagrams than a batch holds are all answered`() async throws {
        try await withServer(try settings()) { harness in
            let address = try #require(harness.server.address)
            let exchange = try DatagramExchange(with: address)
            var query = try GeoSample.query("www.faultline.test")
            for id in 0..<200 {
                query.id = UInt16(id)
                try exchange.send(query.encoded())
            }
            var seen: Set<UInt16> = []
            while seen.count < 200 {
                let bytes = try await exchange.receive(deadline: .now() + .seconds(5))
                seen.insert(try DNSMessage.parse(bytes.span).id)
            }
        }
    }

    @Test func `a truncated answer is whole over TCP`() async throws {
        try await withServer(try settings()) { harness in
            let query = try GeoSample.query("big.faultline.test", .txt)
            #expect(try await harness.ask(query).flags.contains(.truncated))
            let connection = try await harness.connect()
            connection.send(framed(query))
            let whole = try await reply(on: connection)
            #expect(whole.answers.count == 1)
            connection.close()
        }
    }

    @Test func `pipelined queries are answered in their order, in whatever pieces they come`()
        async throws
    {
        try await withServer(try settings()) { harness in
            let connection = try await harness.connect()
            var bytes: [UInt8] = []
            for id in 1...40 {
                var query = try GeoSample.query("www.faultline.test")
                query.id = UInt16(id)
                bytes += framed(query)
            }
            for piece in stride(from: 0, to: bytes.count, by: 7) {
                connection.send(Array(bytes[piece..<min(piece + 7, bytes.count)]))
            }
            for id in 1...40 {
                let answer = try await reply(on: connection)
                #expect(answer.id == UInt16(id))
            }
            connection.close()
        }
    }

    @Test func `a frame that is too long, and one that is no query, close the connection`()
        async throws
    {
        try await withServer(try settings()) { harness in
            for bytes in [[0xFF, 0xFF, 0], [0, 1, 7]] as [[UInt8]] {
                let connection = try await harness.connect()
                connection.send(bytes)
                #expect(try await connection.receive(deadline: .now() + .seconds(5)) == false)
            }
        }
    }

    @Test func `an idle client and one too many are closed`() async throws {
        var settings = try settings()
        settings.idleTimeout = .milliseconds(50)
        settings.connectionsMax = 1
        try await withServer(settings) { harness in
            let first = try await harness.connect()
            let second = try await harness.connect()
            #expect(try await second.receive(deadline: .now() + .seconds(5)) == false)
            #expect(try await first.receive(deadline: .now() + .seconds(5)) == false)
        }
    }

    @Test func `an endpoint that fails its checks leaves the answers and comes back`() async throws
    {
        var isHealthy = true
        let endpoint = try HTTPServer(SocketAddress(ip: .loopback, port: 0)) { _ in
            HTTPResponse(isHealthy ? 200 : 503, json: [:])
        }
        let answering = Task { @ReactorActor in await endpoint.run() }
        var settings = try GeoSample.settings()
        settings.checkInterval = .milliseconds(20)
        settings.checkTimeout = .milliseconds(20)
        for index in settings.endpoints.indices {
            settings.endpoints[index].address = endpoint.address
        }
        // Nobody listens on the address of the second endpoint of the first region.
        settings.endpoints[1].address = SocketAddress(ip: IPv4Address(127, 0, 0, 9), port: 1)
        try await withServer(settings) { harness in
            let query = try GeoSample.query("www.faultline.test")
            try await until { try await harness.get("/health/ready").status == 200 }
            try await until { try await harness.ask(query).addresses == [.loopback] }
            isHealthy = false
            try await until {
                try await harness.get("/-/status").json?["lastGood"]?.bool == true
            }
            // With every check failing, the last good ones stay.
            #expect(try await harness.ask(query).addresses == [.loopback])
            isHealthy = true
            try await until {
                try await harness.get("/-/status").json?["lastGood"]?.bool == false
            }
        }
        endpoint.stop()
        await answering.value
    }

    @Test func `status, metrics and unknown pages are told apart`() async throws {
        try await withServer(try settings()) { harness in
            _ = try await harness.ask(try GeoSample.query("nope.faultline.test"))
            let text = String(decoding: try await harness.get("/metrics").content, as: UTF8.self)
            #expect(text.contains("geodns_responses_total{rcode=\"NXDOMAIN\"} 1\n"))
            #expect(text.contains("geodns_endpoint_up{endpoint=\"web-eu-1\"} 1\n"))
            #expect(try await harness.get("/health/live").status == 200)
            #expect(try await harness.get("/nope").status == 404)
        }
    }

    private func until(_ condition: @ReactorActor () async throws -> Bool) async throws {
        let deadline = MonotonicTime.now() + .seconds(10)
        while try await !condition() {
            try #require(.now() < deadline)
            await Reactor.sleep(for: .milliseconds(5))
        }
    }
}
