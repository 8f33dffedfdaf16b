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
        async let slow = client.call(["SLOW"], deadline: soon())
        while server.connectionCount == 0 { await Task.yield() }
        async let fast = client.call(["FAST"], deadline: soon())
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
        await #expect(throws: ClientError.unanswered(.timedOut)) {
            _ = try await client.call(["HANG"], deadline: .now() + .milliseconds(30))
        }
        #expect(try await client.call(["GO"], deadline: soon()) == .integer(1))
    }

    @Test func `nobody there is unreachable, which means without effect`() async throws {
        let server = try serving { _ in .null }
        server.stop()
        let client = RESPClient(server.address)
        await #expect(throws: ClientError.unreachable(.refused)) {
            _ = try await client.call(["PING"], deadline: soon())
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
        let gate = Promise<Int>()
        let inWork = Promise<Int>()
        let server = try serving { _ in
            inWork.fulfil(1)
            _ = await gate.value()
            return .simple("DONE")
        }
        let client = RESPClient(server.address)
        let call = Task { @ReactorActor in try await client.call(["WORK"], deadline: soon()) }
        _ = await inWork.value(deadline: soon())
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
                .call(["SET", "x", "1"], deadline: .now() + .milliseconds(500))
        }
    }

    @Test func `a seeker whose try was swallowed says that nobody knows`() async throws {
        let silent = try serving { _ in
            _ = await Promise<Int>().value()
            return .null
        }
        defer { silent.stop() }
        await #expect(throws: SeekError.unknown("unanswered: timed out")) {
            _ = try await seeker([silent.address])
                .call(["SET", "x", "1"], deadline: .now() + .milliseconds(500))
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
        return LeaderSeeker(members, random: SeededRandom(seed: 1))
    }

    private func soon() -> MonotonicTime { .now() + .seconds(20) }
}
