// Replicas of one shard in this process, each on a loopback address of its own, with real sockets,
// real folders and real fsyncs.

import Blueprint
import Determinism
import Endpoints
import Journal
import Linux
import Raft
import Reactor
import Replication
import Synchronization
import Testing
import Wire

@testable import Store

@ReactorActor
final class Cluster {
    let folder: String
    private(set) var servers: [Int: StoreServer] = [:]
    private let replicas: [ReplicaAddress]
    private var acknowledge: ReplicaAcknowledgement
    private let limits: ReplicaLimits
    private let journal: JournalOptions
    private let shardCount: Int
    private let shard: Int
    private let patience: TransactionLimits
    /// The replicas of all shards, where they are to know of one another.
    private var shards: [[ReplicaAddress]] = []

    /// Runs replicas for as long as the body takes, then stops them and removes their folders.
    static func with(
        replicas count: Int = 3, shards: Int = 1, acknowledge: ReplicaAcknowledgement = .majority,
        limits: ReplicaLimits = ReplicaLimits(), journal: JournalOptions = JournalOptions(),
        starting: [Int]? = nil,
        _ body: @ReactorActor (Cluster) async throws -> Void
    ) async throws {
        let cluster = Cluster(count, shards, acknowledge, limits, journal)
        do {
            for id in starting ?? Array(1...count) { try cluster.start(id) }
            try await body(cluster)
        } catch {
            await cluster.end()
            throw error
        }
        await cluster.end()
    }

    /// Runs several shards that know of one another.
    static func withShards(
        _ count: Int, replicas: Int = 3, patience: TransactionLimits = TransactionLimits(),
        _ body: @ReactorActor ([Cluster]) async throws -> Void
    ) async throws {
        let clusters = (0..<count).map { shard in
            Cluster(
                replicas, count, .majority, ReplicaLimits(), JournalOptions(), shard: shard,
                patience: patience)
        }
        let shards = clusters.map(\.replicas)
        for cluster in clusters { cluster.shards = shards }
        do {
            for cluster in clusters { for id in 1...replicas { try cluster.start(id) } }
            for cluster in clusters { _ = try await cluster.leader() }
            try await body(clusters)
        } catch {
            for cluster in clusters { await cluster.end() }
            throw error
        }
        for cluster in clusters { await cluster.end() }
    }

    private init(
        _ count: Int, _ shards: Int, _ acknowledge: ReplicaAcknowledgement, _ limits: ReplicaLimits,
        _ journal: JournalOptions, shard: Int = 0,
        patience: TransactionLimits = TransactionLimits()
    ) {
        self.acknowledge = acknowledge
        self.shard = shard
        self.patience = patience
        shardCount = shards
        self.limits = limits
        self.journal = journal
        let number = Self.nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        folder = "/tmp/store-tests-\(CurrentProcess.id)-\(number)"
        replicas = (1...count).map { id in
            let ip = Self.address(of: id, in: number)
            return ReplicaAddress(
                id: id,
                client: NamedAddress(
                    name: "store-1-\(id)", address: SocketAddress(ip: ip, port: 7000)),
                peer: SocketAddress(ip: ip, port: 7001))
        }
    }

    /// One address a replica, unique to process and cluster, so that ports never collide.
    private static func address(of id: Int, in number: Int) -> IPv4Address {
        let process = UInt32(CurrentProcess.id)
        let second = UInt8(1 + number / 31 % 3 * 64) + UInt8(process >> 8 & 0x3F)
        return IPv4Address(127, second, UInt8(process & 0xFF), UInt8(number % 31 * 8 + id))
    }

    private static let nextNumber = Atomic<Int>(0)

    func settings(_ id: Int) -> StoreSettings {
        var settings = StoreSettings(
            shard: shard, shardCount: shardCount, replica: id, replicas: replicas)
        settings.shards = shards
        settings.acknowledge = acknowledge
        settings.mapSize = 64 << 20
        return settings
    }

    func start(_ id: Int) throws {
        let server = try StoreServer(
            name: "store-1-\(id)", listen: replicas[id - 1].client.address,
            dataFolder: "\(folder)/\(id)", settings: settings(id), seed: UInt64(id), limits: limits,
            journal: journal, patience: patience)
        servers[id] = server
        Task { @ReactorActor in await server.run() }
    }

    /// Stops a replica as a crash would, and waits until it has let go of its folder.
    func stop(_ id: Int) async throws {
        guard let server = servers.removeValue(forKey: id) else { return }
        await server.stop()
        let gone = Gone(server)
        _ = consume server
        _ = try await until("replica \(id) is gone") { gone.isTrue ? true : nil }
    }

    @ReactorActor
    private final class Gone {
        private weak var host: ReplicaHost?
        private weak var replica: StoreGroup?

        init(_ server: StoreServer) {
            host = server.host
            replica = server.replica
        }

        var isTrue: Bool { host == nil && replica == nil }
    }

    private func end() async {
        for id in servers.keys.sorted() { try? await stop(id) }
        try? File.removeTree(folder)
    }

    // MARK: Clients

    func seeker() -> LeaderSeeker {
        LeaderSeeker(replicas.map(\.client), random: SeededRandom(seed: 1))
    }

    func member(_ id: Int) -> NamedAddress { replicas[id - 1].client }

    func client(_ id: Int) -> RESPClient { RESPClient(replicas[id - 1].client.address) }

    func ask(_ id: Int, _ words: String...) async throws -> RESPValue {
        try await client(id).call(words, deadline: soon())
    }

    /// Sets k1 to v1 and so on, each acknowledged.
    func write(_ numbers: ClosedRange<Int>) async throws {
        let seeker = seeker()
        for number in numbers {
            let reply = try await seeker.call(
                ["SET", "k\(number)", "v\(number)", "ID", "writer", "\(number)"],
                deadline: soon())
            #expect(reply.value == .simple("OK"))
        }
    }

    /// Reads back through the leader what `write` set.
    func expectWritten(_ numbers: ClosedRange<Int>) async throws {
        let seeker = seeker()
        for number in numbers {
            let reply = try await seeker.call(["GET", "k\(number)"], deadline: soon())
            #expect(reply.value == .bulk("v\(number)"))
        }
    }

    // MARK: Conditions

    /// Waits for one replica of those that run to lead, and gives its id.
    func leader(among ids: [Int]? = nil) async throws -> Int {
        try await until("a leader") {
            let candidates = self.servers.filter { ids?.contains($0.key) ?? true }
            return candidates.first { $0.value.replica.isLeader && !$0.value.isCutOff }?.key
        }
    }

    /// Waits until every running replica has applied all that one has committed.
    func settle() async throws {
        let commit = servers.values.map(\.replica.status.commit).max() ?? .zero
        _ = try await until("all replicas have applied \(commit)") {
            self.servers.values.allSatisfy { $0.replica.state.applied.index >= commit }
                ? true : nil
        }
    }

    func server(_ id: Int) throws -> StoreServer { try #require(servers[id]) }

    /// Waits for a condition to give a value.
    func until<Value>(
        _ what: String, within limit: Duration = .seconds(20),
        _ condition: @ReactorActor () async throws -> Value?
    ) async throws -> Value {
        let deadline = MonotonicTime.now() + limit
        while MonotonicTime.now() < deadline {
            if let value = try await condition() { return value }
            await Reactor.sleep(for: .milliseconds(2))
        }
        throw Overdue(what: what)
    }

    struct Overdue: Error {
        let what: String
    }
}

extension StoreServer {
    /// The replica of the shard that the node began with.
    var replica: StoreGroup {
        guard let replica = shards[home] else { preconditionFailure("it has moved away") }
        return replica
    }
}

func soon() -> MonotonicTime { .now() + .seconds(20) }

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
