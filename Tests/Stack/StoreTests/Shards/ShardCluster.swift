// A store of several shards in this process: three nodes for each in the beginning, real sockets, real
// folders, and a client that follows redirects as one in a program would.

import Blueprint
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Synchronization
import Testing
import Wire

@testable import Store

@ReactorActor
final class ShardCluster {
    let folder: String
    private(set) var servers: [String: StoreServer] = [:]
    private let shards: [[ReplicaAddress]]
    private let limits: ReplicaLimits
    private let layout: ShardLayout
    /// Of the nodes that start from now on; by hand, unless a test is about it.
    var rebalance = StoreRebalance.manual
    private var newcomers: [String: ReplicaAddress] = [:]
    private let number: Int
    /// Of the nodes that start from now on.
    var patience = TransactionLimits()
    private let requestCountMax: Int
    private var clients: [SocketAddress: RESPClient] = [:]

    static func with(
        shards count: Int = 1, limits: ReplicaLimits = ReplicaLimits(),
        layout: ShardLayout = ShardLayout(), rebalance: StoreRebalance = .manual,
        patience: TransactionLimits = TransactionLimits(), requestCountMax: Int = 100_000,
        _ body: @ReactorActor (ShardCluster) async throws -> Void
    ) async throws {
        let cluster = ShardCluster(count, limits, layout, requestCountMax)
        cluster.rebalance = rebalance
        cluster.patience = patience
        do {
            for name in cluster.names { try cluster.start(name) }
            try await body(cluster)
        } catch {
            await cluster.end()
            throw error
        }
        await cluster.end()
    }

    private init(
        _ count: Int, _ limits: ReplicaLimits, _ layout: ShardLayout, _ requestCountMax: Int
    ) {
        self.requestCountMax = requestCountMax
        self.limits = limits
        self.layout = layout
        let number = Self.nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        self.number = number
        folder = "/tmp/shard-tests-\(CurrentProcess.id)-\(number)"
        shards = (1...count).map { shard in
            (1...3).map { Self.place(of: "store-\(shard)-\($0)", $0, number * 12 + shard * 3) }
        }
    }

    private static func place(of name: String, _ id: Int, _ base: Int) -> ReplicaAddress {
        let ip = IPv4Address(
            127, UInt8(129 + (CurrentProcess.id >> 8) & 0x3F), UInt8(CurrentProcess.id & 0xFF),
            UInt8((base + id) % 250))
        return ReplicaAddress(
            id: id, client: NamedAddress(name: name, address: SocketAddress(ip: ip, port: 7000)),
            peer: SocketAddress(ip: ip, port: 7001))
    }

    /// Starts a node that is none of the blueprint's, for the first time or again.
    func startNewcomer(_ name: String) throws -> ReplicaAddress {
        let own =
            newcomers[name] ?? Self.place(of: name, newcomers.count + 1, number * 12)
        newcomers[name] = own
        var settings = settings(shard: 0, replica: own.id)
        settings.newcomer = own
        try start(name, own, settings)
        return own
    }

    private static let nextNumber = Atomic<Int>(0)

    /// What a client is told in the beginning.
    var clientShards: [[NamedAddress]] { shards.map { $0.map(\.client) } }

    var names: [String] { shards.flatMap { $0.map(\.client.name) } }

    func start(_ name: String) throws {
        for (shard, replicas) in shards.enumerated() {
            guard let own = replicas.first(where: { $0.client.name == name }) else { continue }
            try start(name, own, settings(shard: shard, replica: own.id))
        }
    }

    private func settings(shard: Int, replica: Int) -> StoreSettings {
        var settings = StoreSettings(
            shard: shard, shardCount: shards.count, replica: replica, replicas: shards[shard])
        settings.shards = shards
        settings.mapSize = 64 << 20
        settings.layout = layout
        settings.rebalance = rebalance
        return settings
    }

    private func start(
        _ name: String, _ own: ReplicaAddress, _ settings: StoreSettings
    ) throws {
        let server = try StoreServer(
            name: name, listen: own.client.address, dataFolder: "\(folder)/\(name)",
            settings: settings, seed: UInt64(own.id), limits: limits, patience: patience,
            requestCountMax: requestCountMax)
        servers[name] = server
        Task { @ReactorActor in await server.run() }
    }

    func stop(_ name: String) async throws {
        guard let server = servers.removeValue(forKey: name) else { return }
        await server.stop()
        let gone = Gone(server)
        _ = consume server
        try await until("\(name) is gone") { gone.isTrue ? () : nil }
    }

    @ReactorActor
    private final class Gone {
        private weak var host: ReplicaHost?
        private let replicas: [Weak]

        @ReactorActor
        private final class Weak {
            weak var replica: StoreGroup?
            init(_ replica: StoreGroup) { self.replica = replica }
        }

        init(_ server: StoreServer) {
            host = server.host
            replicas = server.shards.values.map(Weak.init)
        }

        var isTrue: Bool { host == nil && replicas.allSatisfy { $0.replica == nil } }
    }

    private func end() async {
        for name in servers.keys.sorted() { try? await stop(name) }
        try? File.removeTree(folder)
    }

    func server(_ name: String) throws -> StoreServer { try #require(servers[name]) }

    // MARK: Clients

    private func client(_ address: SocketAddress) -> RESPClient {
        if let client = clients[address] { return client }
        let client = RESPClient(address)
        clients[address] = client
        return client
    }

    func ask(_ name: String, _ words: String...) async throws -> RESPValue {
        try await ask(name, words)
    }

    func ask(_ name: String, _ words: [String]) async throws -> RESPValue {
        try await client(try address(of: name)).call(words, deadline: soon())
    }

    /// Of something that takes as long as it takes.
    func askPatiently(_ name: String, _ words: String...) async throws -> RESPValue {
        try await client(try address(of: name)).call(words, deadline: .now() + .seconds(60))
    }

    private func address(of name: String) throws -> SocketAddress {
        let known = Array(shards.joined()) + newcomers.values
        return try #require(known.first { $0.client.name == name }?.client.address)
    }

    /// Calls until somebody answers, following redirects; every try sends the same words.
    func call(_ words: String...) async throws -> RESPValue { try await call(words) }

    func call(_ words: [String]) async throws -> RESPValue {
        var address: SocketAddress?
        return try await until("\(words) is answered") {
            let all = self.shards.joined().map(\.client.address)
            let target = address ?? all[Int.random(in: all.indices)]
            address = nil
            guard
                let reply = try? await self.client(target).call(
                    words, deadline: .now() + .milliseconds(500))
            else { return nil }
            guard case .error(let text) = reply else { return reply }
            switch reply.errorCode {
            case "NOTLEADER", "WRONGSHARD":
                address = text.split(separator: " ").last.flatMap { SocketAddress(String($0)) }
                return nil
            case "UNAVAILABLE", "UNKNOWN", "OVERLOADED": return nil
            default: return reply
            }
        }
    }

    /// Adds one to each user's counter so many times, each try of one addition with one ID; gives
    /// when all are acknowledged.
    func count(users: ClosedRange<Int>, rounds: Int, client: String) async throws {
        for round in 1...rounds {
            for user in users {
                let sequence = round * 10_000 + user
                _ = try await call(
                    "INCRBY", "{u\(user)}:n", "1", "ID", "\(client)-\(user)", "\(sequence)")
            }
        }
    }

    func expectCounts(users: ClosedRange<Int>, _ count: Int) async throws {
        for user in users {
            #expect(try await call("GET", "{u\(user)}:n") == .bulk("\(count)"), "user \(user)")
        }
    }

    /// Waits for a running node that leads a shard, and gives its name.
    func leader(of shard: UInt64) async throws -> String {
        try await until("shard \(shard) has a leader") {
            self.servers.keys.sorted().first {
                self.servers[$0]?.shards[GroupID(shard)]?.isLeader == true
                    && self.servers[$0]?.host.isCutOff == false
            }
        }
    }

    /// The nodes with a replica of a shard.
    func nodes(of shard: UInt64) -> [String] {
        servers.filter { $0.value.shards[GroupID(shard)] != nil }.keys.sorted()
    }

    /// Whether a node has applied all of a shard that any node has committed.
    func hasCaughtUp(_ name: String, on shard: UInt64) throws -> Bool {
        let commits = servers.values.compactMap { $0.shards[GroupID(shard)]?.status.commit }
        guard let replica = try server(name).shards[GroupID(shard)], let last = commits.max()
        else { return false }
        return last > .zero && replica.state.applied.index >= last
    }

    /// Asks the leader to split until it has; gives the number of the new shard.
    func split(_ shard: UInt64) async throws -> UInt64 {
        try await until("shard \(shard) is split") {
            let leader = try await self.leader(of: shard)
            guard
                case .integer(let child) = try await self.ask(leader, "SHARD", "SPLIT", "\(shard)")
            else { return nil }
            return UInt64(child)
        }
    }

    /// Asks the leader of one shard to take another one in until it has.
    func merge(_ shard: UInt64, with other: UInt64) async throws {
        try await until("shards \(shard) and \(other) are merged") {
            let leader = try await self.leader(of: shard)
            let reply = try? await self.askPatiently(
                leader, "SHARD", "MERGE", "\(shard)", "\(other)")
            return reply == .integer(Int64(shard)) ? () : nil
        }
    }

    func move(_ shard: UInt64, to nodes: [String]) async throws {
        try await until("shard \(shard) is on \(nodes)") {
            let words = ["SHARD", "MOVE", "\(shard)", "TO"] + nodes
            let leader = try await self.leader(of: shard)
            let address = try self.server(leader).address
            let reply = try await self.client(address).call(words, deadline: soon())
            return reply == .simple("OK") ? () : nil
        }
        try await until("all others have let go of \(shard)") {
            self.nodes(of: shard) == nodes ? () : nil
        }
    }

    // MARK: Conditions

    func until<Value>(
        _ what: String, _ condition: @ReactorActor () async throws -> Value?
    ) async throws -> Value {
        let deadline = MonotonicTime.now() + .seconds(20)
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
