// Nodes of one queue in this process, each on a loopback address of its own, with real sockets,
// real folders and real fsyncs.

import Blueprint
import Determinism
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Synchronization
import Telemetry
import Testing
import Wire

@testable import Queue

@ReactorActor
final class QueueCluster {
    let folder: String
    let nodes: [ReplicaAddress]
    var settings: QueueSettings
    private(set) var servers: [Int: QueueServer] = [:]
    private let limits: ReplicaLimits
    private let log: Log?
    private var seekers: [LeaderSeeker] = []

    /// Runs nodes for as long as the body takes, then stops them and removes their folders.
    static func with(
        nodes count: Int = 3, partitions: Int = 1, limits: ReplicaLimits = ReplicaLimits(),
        log: Log? = nil, adjust: (inout QueueSettings) -> Void = { _ in },
        _ body: @ReactorActor (QueueCluster) async throws -> Void
    ) async throws {
        let cluster = QueueCluster(count, partitions, limits, log)
        adjust(&cluster.settings)
        do {
            for id in 1...count { try cluster.start(id) }
            try await body(cluster)
        } catch {
            await cluster.end()
            throw error
        }
        await cluster.end()
    }

    private init(_ count: Int, _ partitions: Int, _ limits: ReplicaLimits, _ log: Log?) {
        self.limits = limits
        self.log = log
        let number = Self.nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        folder = "/tmp/queue-tests-\(CurrentProcess.id)-\(number)"
        nodes = (1...count).map { id in
            // One address a node, unique to process and cluster, so that ports never collide.
            let ip = IPv4Address(
                127, UInt8(0x80 | (CurrentProcess.id >> 8) & 0x7F),
                UInt8(CurrentProcess.id & 0xFF), UInt8(number * 4 + id))
            return ReplicaAddress(
                id: id,
                client: NamedAddress(
                    name: "queue-\(id)", address: SocketAddress(ip: ip, port: 7100)),
                peer: SocketAddress(ip: ip, port: 7101))
        }
        settings = QueueSettings(node: 1, nodes: nodes, partitions: partitions)
        seekers = (0..<partitions).map {
            LeaderSeeker(nodes.map(\.client), random: SeededRandom(seed: UInt64($0)))
        }
    }

    private static let nextNumber = Atomic<Int>(0)

    func start(_ id: Int) throws {
        settings.node = id
        let server = try QueueServer(
            name: "queue-\(id)", listen: nodes[id - 1].client.address,
            dataFolder: "\(folder)/\(id)", settings: settings, seed: UInt64(id), limits: limits,
            log: log)
        servers[id] = server
        Task { @ReactorActor in await server.run() }
    }

    /// Stops a node as a crash would, and waits until it has let go of its folder.
    func stop(_ id: Int) async throws {
        guard let server = servers.removeValue(forKey: id) else { return }
        await server.stop()
        let gone = Gone(server)
        _ = consume server
        _ = try await until("node \(id) is gone") { gone.isTrue ? true : nil }
    }

    @ReactorActor
    private final class Gone {
        private weak var host: ReplicaHost?
        private let groups: [WeakGroup]

        init(_ server: QueueServer) {
            host = server.host
            groups = server.replicas.map { WeakGroup(group: $0.group) }
        }

        var isTrue: Bool { host == nil && groups.allSatisfy { $0.group == nil } }
    }

    /// A group has hold of the log, and with it of the folder's lock.
    private struct WeakGroup {
        weak var group: ReplicaGroup<PartitionState>?
    }

    private func end() async {
        for id in servers.keys.sorted() { try? await stop(id) }
        try? File.removeTree(folder)
    }

    // MARK: Commands

    /// Through whoever leads the partition, which is counted from 1.
    @discardableResult
    func call(_ partition: Int = 1, _ words: [String]) async throws -> RESPValue {
        try await seekers[partition - 1].call(words, deadline: soon()).value
    }

    func ask(_ id: Int, _ words: String...) async throws -> RESPValue {
        let client = RESPClient(nodes[id - 1].client.address)
        defer { client.close() }
        return try await client.call(words, deadline: soon())
    }

    @discardableResult
    func publish(
        _ payload: String, key: String = "k", id: [String] = []
    ) async throws -> RESPValue {
        let partition = ShardKey.shard(of: key, count: settings.partitions) + 1
        return try await call(partition, ["PUBLISH", "orders", key, payload] + id)
    }

    func fetch(
        _ partition: Int = 1, topic: String = "orders", member: String = "w", generation: Int = 1,
        _ countMax: Int = 10, visibility: Int = 60_000, wait: Int = 0
    ) async throws -> [ReceivedLease] {
        let reply = try await call(
            partition,
            [
                "FETCH", topic, "workers", "\(partition)", member, "\(generation)", "\(countMax)",
                "\(visibility)", "\(wait)",
            ])
        return try #require(reply.elements).map {
            try #require(ReceivedLease($0, partition: partition))
        }
    }

    func acknowledge(_ lease: ReceivedLease, topic: String = "orders") async throws -> RESPValue {
        try await call(
            lease.partition, ["ACK", topic, "workers", "\(lease.partition)", lease.token])
    }

    /// Ready, leased, waiting.
    func depth(_ partition: Int = 1, topic: String = "orders") async throws -> [Int64] {
        let reply = try await call(partition, ["DEPTH", topic, "workers", "\(partition)"])
        return try #require(reply.elements).prefix(3).compactMap(\.integer)
    }

    func information(_ id: Int) async throws -> [String: String] {
        let text = try #require(try await ask(id, "INFO").text)
        let pairs = text.split(separator: "\r\n").map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst()))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    // MARK: Conditions

    func leader(of partition: Int = 1) async throws -> Int {
        try await until("a leader of partition \(partition)") {
            self.servers.first { $0.value.replicas[partition - 1].group.isLeader }?.key
        }
    }

    func until<Value>(
        _ what: String, _ condition: @ReactorActor () async throws -> Value?
    ) async throws -> Value {
        let deadline = MonotonicTime.now() + .seconds(20)
        while .now() < deadline {
            if let value = try await condition() { return value }
            await Reactor.sleep(for: .milliseconds(2))
        }
        throw Overdue(what: what)
    }

    struct Overdue: Error {
        let what: String
    }
}

func soon() -> MonotonicTime { .now() + .seconds(20) }

extension ReceivedLease {
    var text: String { String(decoding: payload, as: UTF8.self) }
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
