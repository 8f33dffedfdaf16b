// The server over real sockets: pipelining, pieces, limits on clients and on their replies, draining.

import Blueprint
import Linux
import Reactor
import Testing
import Wire

@testable import Cache

/// A client that writes bytes and reads replies, with a deadline on everything.
@ReactorActor
private final class TestClient {
    let connection: Connection

    init(_ address: SocketAddress) async throws {
        connection = try await Connection.connect(to: address, deadline: TestClient.deadline)
    }

    static var deadline: MonotonicTime { .now() + .seconds(10) }

    func send(_ text: String) { connection.send([UInt8](text.utf8)) }

    func reply() async throws -> RESPValue {
        while true {
            if let parsed = try TestClient.parse(connection.inbound) {
                connection.inbound.consume(parsed.consumed)
                return parsed.value
            }
            try #require(try await connection.receive(deadline: TestClient.deadline))
        }
    }

    private static func parse(
        _ inbound: borrowing ByteQueue
    ) throws -> (value: RESPValue, consumed: Int)? {
        try RESPValue.parse(inbound.span)
    }

    func ask(_ text: String) async throws -> RESPValue {
        send(text + "\r\n")
        return try await reply()
    }

    /// True once the server has closed this connection, whatever it sent before.
    func isClosedByServer() async -> Bool {
        do {
            while try await connection.receive(deadline: TestClient.deadline) {}
            return true
        } catch {
            return error != .timedOut
        }
    }
}

/// Runs a server on a port of the kernel's choice for as long as the body takes.
@ReactorActor
private func withServer(
    memoryLimit: Int = 0, limits: CacheServerLimits = CacheServerLimits(),
    _ body: @ReactorActor (CacheServer) async throws -> Void
) async throws {
    let server = try CacheServer(
        listen: SocketAddress(ip: .loopback, port: 0),
        settings: CacheSettings(memoryLimit: memoryLimit), limits: limits)
    let ended = Promise<Bool>()
    Task { @ReactorActor in
        await server.run()
        ended.fulfil(true)
    }
    do {
        try await body(server)
    } catch {
        await server.drain(within: .milliseconds(100))
        throw error
    }
    await server.drain(within: .milliseconds(100))
    #expect(await ended.value(deadline: TestClient.deadline) == true)
}

@Suite(.timeLimit(.minutes(1))) @ReactorActor struct CacheServerTests {
    @Test func `a pipeline is answered in order`() async throws {
        try await withServer { server in
            let client = try await TestClient(server.address)
            let count = 5000
            var bytes: [UInt8] = []
            for number in 0..<count {
                bytes += RESPValue.command("SET", "k\(number)", "v\(number)")
                bytes += RESPValue.command("GET", "k\(number)")
            }
            client.connection.send(bytes)
            for number in 0..<count {
                try #require(try await client.reply() == .simple("OK"))
                try #require(try await client.reply() == .bulk([UInt8]("v\(number)".utf8)))
            }
            #expect(server.engine.keyspace.count == count)
        }
    }

    @Test func `a command in pieces is run once it is whole`() async throws {
        try await withServer { server in
            let client = try await TestClient(server.address)
            let other = try await TestClient(server.address)
            for byte in RESPValue.command("SET", "key", "value").dropLast() {
                client.connection.send([byte])
            }
            #expect(try await other.ask("GET key") == .null)
            client.send("\n")
            #expect(try await client.reply() == .simple("OK"))
            #expect(try await other.ask("GET key") == .bulk([UInt8]("value".utf8)))
        }
    }

    @Test func `a large value comes back as it went`() async throws {
        try await withServer { server in
            let client = try await TestClient(server.address)
            let value = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var bytes: [UInt8] = []
            RESPValue.array([.bulk([UInt8]("SET".utf8)), .bulk([0, 255]), .bulk(value)])
                .encode(into: &bytes)
            RESPValue.array([.bulk([UInt8]("GET".utf8)), .bulk([0, 255])]).encode(into: &bytes)
            client.connection.send(bytes)
            #expect(try await client.reply() == .simple("OK"))
            #expect(try await client.reply() == .bulk(value))
        }
    }

    @Test func `QUIT is answered and what follows it is not`() async throws {
        try await withServer { server in
            let client = try await TestClient(server.address)
            client.send("PING\r\nQUIT\r\nSET k v\r\n")
            #expect(try await client.reply() == .simple("PONG"))
            #expect(try await client.reply() == .simple("OK"))
            #expect(await client.isClosedByServer())
            #expect(server.engine.keyspace.count == 0)
        }
    }

    @Test func `bytes that are no command are named and the connection closed`() async throws {
        try await withServer { server in
            let client = try await TestClient(server.address)
            client.send("PING\r\n*1\r\n:5\r\n")
            #expect(try await client.reply() == .simple("PONG"))
            #expect(
                try await client.reply() == .error("ERR Protocol error: expected '$', got ':'"))
            #expect(await client.isClosedByServer())
            #expect(try await TestClient(server.address).ask("PING") == .simple("PONG"))
        }
    }

    @Test func `one client too many is told so and a place that comes free is given`() async throws
    {
        var limits = CacheServerLimits()
        limits.clientsMax = 2
        try await withServer(limits: limits) { server in
            let first = try await TestClient(server.address)
            #expect(try await first.ask("PING") == .simple("PONG"))
            let second = try await TestClient(server.address)
            #expect(try await second.ask("PING") == .simple("PONG"))
            let third = try await TestClient(server.address)
            #expect(try await third.reply() == .error("ERR max number of clients reached"))
            #expect(await third.isClosedByServer())
            #expect(server.engine.facts.connectionsRejected == 1)
            #expect(server.engine.facts.connectedClients == 2)
            second.send("QUIT\r\n")
            #expect(await second.isClosedByServer())
            #expect(try await TestClient(server.address).ask("PING") == .simple("PONG"))
        }
    }

    @Test func `a client that does not read is closed and the others are served`() async throws {
        var limits = CacheServerLimits()
        limits.slowReaderTimeout = .milliseconds(200)
        try await withServer(limits: limits) { server in
            let reader = try await TestClient(server.address)
            let value = String(repeating: "x", count: 100_000)
            reader.connection.send(RESPValue.command("SET", "k", value))
            #expect(try await reader.reply() == .simple("OK"))
            let lazy = try await TestClient(server.address)
            lazy.send(String(repeating: "GET k\r\n", count: 1000))
            let limit = TestClient.deadline
            while server.engine.facts.slowReadersClosed == 0, .now() < limit {
                try await #expect(reader.ask("PING") == .simple("PONG"))
            }
            #expect(server.engine.facts.slowReadersClosed == 1)
            #expect(await lazy.isClosedByServer())
            #expect(try await reader.ask("PING") == .simple("PONG"))
        }
    }

    @Test func `keys expire without being asked for`() async throws {
        var limits = CacheServerLimits()
        limits.expiryInterval = .milliseconds(5)
        limits.expiryCountMax = 3
        try await withServer(limits: limits) { server in
            let client = try await TestClient(server.address)
            for number in 0..<10 {
                #expect(try await client.ask("SET k\(number) v PX 20") == .simple("OK"))
            }
            #expect(try await client.ask("SET stays v") == .simple("OK"))
            let limit = TestClient.deadline
            while server.engine.keyspace.count > 1, .now() < limit {
                await Reactor.sleep(for: .milliseconds(2))
            }
            #expect(server.engine.keyspace.count == 1)
            #expect(server.engine.keyspace.statistics.expired == 10)
            #expect(try await client.ask("GET stays") == .bulk([UInt8]("v".utf8)))
        }
    }

    @Test func `draining answers what was received and lets nobody in`() async throws {
        try await withServer { server in
            let client = try await TestClient(server.address)
            #expect(try await client.ask("PING") == .simple("PONG"))
            client.send("SET k v\r\nGET k\r\n")
            await server.drain(within: .seconds(1))
            #expect(try await client.reply() == .simple("OK"))
            #expect(try await client.reply() == .bulk([UInt8]("v".utf8)))
            #expect(await client.isClosedByServer())
            await #expect(throws: TransportError.refused) {
                try await Connection.connect(to: server.address, deadline: TestClient.deadline)
            }
        }
    }
}
