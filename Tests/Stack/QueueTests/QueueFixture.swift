// A real queue on loopback over a folder of its own, and what tests say to it.

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Queue

/// A folder that is gone with the fixture; queues on it come and go.
@ReactorActor
final class QueueFixture {
    let folder: String
    var settings = QueueSettings()
    var options = QueueOptions()
    private(set) var server: QueueServer?

    private static var count = 0

    init() throws {
        Self.count += 1
        folder = "/tmp/faultline-queue-\(CurrentProcess.id)-\(Self.count)"
        try File.makeDirectories(folder)
    }

    isolated deinit { try? File.removeTree(folder) }

    @discardableResult
    func start(port: UInt16 = 0) throws -> SocketAddress {
        let server = try QueueServer(
            name: "queue-1", listen: SocketAddress(ip: .loopback, port: port), dataFolder: folder,
            settings: settings, seed: 1, options: options)
        self.server = server
        Task { @ReactorActor in await server.run() }
        return server.address
    }

    /// Cuts every connection, as a crash does; what the disk has is what is left. Returns when the
    /// folder is free: what was under way may hold its lock for a moment longer.
    func stop() async {
        await server?.stop()
        server = nil
        let deadline = MonotonicTime.now() + .seconds(20)
        while !isFree, .now() < deadline { await Reactor.sleep(for: .milliseconds(1)) }
    }

    func restart() async throws -> QueueClient {
        await stop()
        return QueueClient(try start())
    }

    private var isFree: Bool {
        guard let file = try? File.open("\(folder)/journal/lock", .readWrite) else { return true }
        return (try? File.tryLock(file)) ?? false
    }
}

/// The commands of the queue with their replies.
@ReactorActor
struct QueueClient {
    private let client: RESPClient

    init(_ address: SocketAddress) { client = RESPClient(address) }

    func call(_ words: String...) async throws -> RESPValue {
        // Opening a journal holds the loop up that the tests share with their servers.
        try await client.call(
            words, connectWithin: .seconds(20), deadline: .now() + .seconds(20))
    }

    func enqueue(_ id: String, _ payload: String = "x") async throws -> RESPValue {
        try await call("ENQUEUE", "orders", id, payload)
    }

    func take(
        _ countMax: Int = 10, visibility: Int = 60_000, wait: Int = 0, worker: String = "w"
    ) async throws -> [ReceivedDelivery] {
        let reply = try await call(
            "DEQUEUE", "orders", worker, String(countMax), String(visibility), String(wait))
        return try #require(reply.elements).map { try #require(ReceivedDelivery($0)) }
    }

    func acknowledge(_ tag: String) async throws -> RESPValue {
        try await call("ACK", "orders", tag)
    }

    /// Ready, in flight, acknowledged.
    func depth() async throws -> [Int64] {
        let reply = try await call("DEPTH", "orders")
        return try #require(reply.elements).prefix(3).compactMap(\.integer)
    }

    func information() async throws -> [String: String] {
        let text = try #require(try await call("INFO").text)
        let pairs = text.split(separator: "\r\n").map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst()))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}

/// Waits for a condition; false once twenty seconds passed without it.
@ReactorActor
func eventually(_ condition: @ReactorActor () async throws -> Bool) async rethrows -> Bool {
    let deadline = MonotonicTime.now() + .seconds(20)
    while .now() < deadline {
        if try await condition() { return true }
        await Reactor.sleep(for: .milliseconds(2))
    }
    return false
}
