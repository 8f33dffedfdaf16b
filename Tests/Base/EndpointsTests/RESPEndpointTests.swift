// Client against server over loopback: order, pipelining, endings, and the search for a leader.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct RESPEndpointTests {
    @Test func `replies keep the order of the commands even when the first is slow`() async throws {
        let gate = Promise<Int>()
        let server = try serving { command in
            if command.name == "SLOW" { _ = await gate.value() }
            return .simple(command.name)
        }
        defer { server.stop() }
        let client = RESPClient(server.address)
        async let slow = client.patientCall("SLOW")
        try await until { server.connectionCount == 1 }
        async let fast = client.patientCall("FAST")
        gate.fulfil(1)
        #expect(try await slow == .simple("SLOW"))
        #expect(try await fast == .simple("FAST"))
    }

    @Test func `an answer that never comes is unanswered, and the next call works`() async throws {
        let server = try serving { command in
            if command.name == "HANG" { _ = await Promise<Int>().value() }
            return .integer(1)
        }
        defer { server.stop() }
        let client = RESPClient(server.address)
        #expect(try await client.patientCall("GO") == .integer(1))
        await #expect(throws: ClientError.unanswered(.timedOut)) {
            _ = try await client.call(["HANG"], deadline: .now() + .milliseconds(30))
        }
        #expect(try await client.patientCall("GO") == .integer(1))
    }

    @Test func `nobody there is unreachable, which means without effect`() async throws {
        let server = try serving { _ in .null }
        server.stop()
        let client = RESPClient(server.address)
        await #expect(throws: ClientError.unreachable(.refused)) {
            _ = try await client.patientCall("PING")
        }
    }

    @Test func `garbage is answered with a protocol error and the connection ends`() async throws {
        let server = try serving { _ in .simple("OK") }
        defer { server.stop() }
        let connection = try await Connection.connect(to: server.address, deadline: soon())
        connection.send(Array("*1\r\n$x\r\n".utf8))
        var open = true
        while open { open = try await connection.receive(deadline: soon()) }
        #expect(
            String(decoding: connection.inbound.bytes, as: UTF8.self).hasPrefix("-ERR Protocol"))
    }

    @Test func `draining answers what is in work and then closes`() async throws {
        let (begun, gate) = (Promise<Int>(), Promise<Int>())
        let server = try serving { _ in
            begun.fulfil(1)
            _ = await gate.value()
            return .simple("DONE")
        }
        let client = RESPClient(server.address)
        let call = Task { @ReactorActor in try await client.patientCall("WORK") }
        _ = await begun.value()
        let drain = Task { @ReactorActor in await server.drain(deadline: soon()) }
        await Task.yield()
        gate.fulfil(1)
        #expect(try await call.value == .simple("DONE"))
        await drain.value
        #expect(server.connectionCount == 0)
    }

    @Test func `a seeker follows the redirect to the leader and stays with it`() async throws {
        let leader = try serving { _ in .simple("led") }
        let follower = try serving { _ in .error("NOTLEADER \(leader.address)") }
        defer { leader.stop() }
        defer { follower.stop() }
        let seeker = seeker([follower.address, leader.address])
        for _ in 0..<3 {
            let reply = try await seeker.call(["GET", "x"], deadline: soon())
            #expect(reply.value == .simple("led"))
            #expect(reply.member == "m-2")
        }
    }

    @Test func `a seeker without a leader says that nothing happened`() async throws {
        let follower = try serving { _ in .error("NOTLEADER -") }
        defer { follower.stop() }
        await #expect(throws: SeekError.unavailable("no leader")) {
            _ = try await seeker([follower.address])
                .call(["SET", "x", "1"], deadline: .now() + .seconds(3))
        }
    }

    @Test func `a seeker whose try was swallowed says that nobody knows`() async throws {
        let silent = try serving { _ in
            _ = await Promise<Int>().value()
            return .null
        }
        defer { silent.stop() }
        do {
            _ = try await seeker([silent.address])
                .call(["SET", "x", "1"], deadline: .now() + .milliseconds(500))
            Issue.record("nobody answered")
        } catch {
            guard case .unknown = error else { throw error }
        }
    }

    private func serving(_ handler: @escaping RESPServer.Handler) throws -> RESPServer {
        let server = try RESPServer(SocketAddress(ip: .loopback, port: 0), handler: handler)
        Task { @ReactorActor in await server.run() }
        return server
    }

    private func seeker(_ addresses: [SocketAddress]) -> LeaderSeeker {
        let members = addresses.enumerated().map { index, address in
            NamedAddress(name: "m-\(index + 1)", address: address)
        }
        return LeaderSeeker(
            members, random: SeededRandom(seed: 1), tryTimeout: .seconds(10),
            connectTimeout: .seconds(10))
    }
}
