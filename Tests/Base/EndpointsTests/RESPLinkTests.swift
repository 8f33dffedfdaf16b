// What a late, silent or vanished server means for the calls that share a connection to it.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct RESPLinkTests {
    @Test func `one late answer costs the calls beside it nothing`() async throws {
        let server = try GatedServer()
        defer { server.stop() }
        let client = RESPClient(server.address)
        let early = call(client, "EARLY")
        try await server.sees("EARLY")
        let late = call(client, "LATE", within: .milliseconds(500))
        try await server.sees("LATE")
        let behind = call(client, "BEHIND")
        try await server.sees("BEHIND")
        server.open("EARLY")
        #expect(try await early.value == .simple("EARLY"))
        await #expect(throws: ClientError.unanswered(.timedOut)) { _ = try await late.value }
        server.open("LATE")
        server.open("BEHIND")
        #expect(try await behind.value == .simple("BEHIND"))
        server.open("NEXT")
        #expect(try await call(client, "NEXT").value == .simple("NEXT"))
        #expect(server.connectionCount == 1)
    }

    @Test func `a silent connection is left to those who wait on it`() async throws {
        let server = try GatedServer()
        defer { server.stop() }
        let client = RESPClient(server.address)
        let hanging = call(client, "HANG")
        try await server.sees("HANG")
        await #expect(throws: ClientError.unanswered(.timedOut)) {
            _ = try await client.call(["BEHIND"], deadline: .now() + .milliseconds(100))
        }
        server.open("FRESH")
        #expect(try await call(client, "FRESH").value == .simple("FRESH"))
        #expect(server.connectionCount == 2)
        server.open("HANG")
        server.open("BEHIND")
        #expect(try await hanging.value == .simple("HANG"))
        // Nobody waits on the first connection any more.
        try await until { server.connectionCount == 1 }
    }

    @Test func `calls can be given up all at once`() async throws {
        let server = try GatedServer()
        defer { server.stop() }
        let client = RESPClient(server.address)
        let calls = (0..<5).map { call(client, "HANG-\($0)") }
        for number in 0..<5 { try await server.sees("HANG-\(number)") }
        client.abandonCalls()
        for call in calls {
            await #expect(throws: ClientError.unanswered(.timedOut)) { _ = try await call.value }
        }
    }

    @Test func `an impatient caller does not end the connecting of the others`() async throws {
        let server = try GatedServer()
        defer { server.stop() }
        server.open("PATIENT")
        let client = RESPClient(server.address)
        let impatient = call(client, "IMPATIENT", within: .nanoseconds(1))
        let patient = call(client, "PATIENT")
        await #expect(throws: ClientError.self) { _ = try await impatient.value }
        #expect(try await patient.value == .simple("PATIENT"))
    }

    @Test func `a call whose time is over is not sent`() async throws {
        let server = try serving { _ in .null }
        defer { server.stop() }
        await #expect(throws: ClientError.unreachable(.timedOut)) {
            _ = try await RESPClient(server.address).call(["SET"], deadline: .now())
        }
        #expect(server.connectionCount == 0)
    }

    @Test func `a client that is dropped hangs up`() async throws {
        let server = try serving { _ in .integer(1) }
        defer { server.stop() }
        #expect(try await RESPClient(server.address).patientCall("GO") == .integer(1))
        try await until { server.connectionCount == 0 }
    }

    @Test func `an empty line is no command`() async throws {
        let server = try serving { command in .simple(command.name) }
        defer { server.stop() }
        let connection = try await Connection.connect(to: server.address, deadline: soon())
        connection.send(Array("\r\n*0\r\n\r\nPING\r\n".utf8))
        let expected = Array("+PING\r\n".utf8)
        while connection.inbound.count < expected.count {
            try #require(try await connection.receive(deadline: soon()))
        }
        #expect(connection.inbound.bytes == expected)
    }

    @Test func `a client that reads nothing is cut off, and its session ends`() async throws {
        var limits = RESPServerLimits()
        limits.inFlightMax = 4
        limits.outboundBytesMax = 1 << 20
        let large = [UInt8](repeating: 7, count: 1 << 20)
        let server = try RESPServer(
            SocketAddress(ip: .loopback, port: 0), limits: limits
        ) { _ in .bulk(large) }
        Task { @ReactorActor in await server.run() }
        let connection = try await Connection.connect(to: server.address, deadline: soon())
        connection.send(Array(String(repeating: "PING\r\n", count: 100).utf8))
        try await until { server.connectionCount == 1 }
        try await until { server.connectionCount == 0 }
        server.stop()
    }

    private func serving(_ handler: @escaping RESPServer.Handler) throws -> RESPServer {
        let server = try RESPServer(SocketAddress(ip: .loopback, port: 0), handler: handler)
        Task { @ReactorActor in await server.run() }
        return server
    }

    private func call(
        _ client: RESPClient, _ name: String, within length: Duration = .seconds(20)
    ) -> Task<RESPValue, any Error> {
        let deadline = MonotonicTime.now() + length
        return Task { @ReactorActor in
            try await client.call([name], connectWithin: .seconds(10), deadline: deadline)
        }
    }
}

/// Answers each command with its name, once the test lets it.
@ReactorActor
private final class GatedServer {
    @ReactorActor
    private final class Gates {
        var seen: Set<String> = []
        var gates: [String: Promise<Int>] = [:]

        func gate(_ name: String) -> Promise<Int> {
            if let gate = gates[name] { return gate }
            let gate = Promise<Int>()
            gates[name] = gate
            return gate
        }
    }

    private let gates: Gates
    private let server: RESPServer

    var address: SocketAddress { server.address }
    var connectionCount: Int { server.connectionCount }

    init() throws {
        let gates = Gates()
        self.gates = gates
        server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) { command in
            gates.seen.insert(command.name)
            _ = await gates.gate(command.name).value()
            return .simple(command.name)
        }
        Task { @ReactorActor [server] in await server.run() }
    }

    func sees(_ name: String) async throws { try await until { self.gates.seen.contains(name) } }

    func open(_ name: String) { gates.gate(name).fulfil(1) }

    func stop() { server.stop() }
}
