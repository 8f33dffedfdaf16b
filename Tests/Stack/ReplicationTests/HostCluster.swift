// Hosts in this process, each on a loopback address of its own, with real sockets, real folders and
// real fsyncs; every founder has a replica of every group, the other hosts take part when invited.

import Journal
import Linux
import Raft
import Reactor
import Synchronization
import Telemetry
import Testing

@testable import Replication

@ReactorActor
final class HostCluster {
    typealias Group = ReplicaGroup<MemoryState>

    let folder: String
    private(set) var hosts: [Int: ReplicaHost] = [:]
    private var groups: [Int: [GroupID: Group]] = [:]
    private let addresses: [HostAddress]
    private let groupIDs: [GroupID]
    private let founderCount: Int
    private var tenants: [Int: Tenant] = [:]
    /// What a group of a cluster begins with, unless it begins empty.
    private let values: [String: String]
    private let limits: ReplicaLimits
    var journal: JournalOptions
    private let readRule: ReadRule

    /// Runs hosts for as long as the body takes, then stops them and removes their folders.
    static func with(
        hosts count: Int = 3, groups: Int = 1, limits: ReplicaLimits = ReplicaLimits(),
        journal: JournalOptions = JournalOptions(), spares: Int = 0,
        values: [String: String] = [:], starting: [Int]? = nil,
        readRule: ReadRule = .quorumRound,
        _ body: @ReactorActor (HostCluster) async throws -> Void
    ) async throws {
        let cluster = HostCluster(count, spares, groups, limits, journal, values, readRule)
        do {
            for id in starting ?? Array(1...count + spares) { try cluster.start(id) }
            try await body(cluster)
        } catch {
            await cluster.end()
            throw error
        }
        await cluster.end()
    }

    private init(
        _ count: Int, _ spares: Int, _ groups: Int, _ limits: ReplicaLimits,
        _ journal: JournalOptions, _ values: [String: String],
        _ readRule: ReadRule
    ) {
        self.readRule = readRule
        founderCount = count
        self.values = values
        self.limits = limits
        self.journal = journal
        groupIDs = (1...groups).map { GroupID(UInt64($0)) }
        let number = Self.nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        folder = "/tmp/replication-tests-\(CurrentProcess.id)-\(number)"
        addresses = (1...count + spares).map { id in
            // One address a host, unique to process and cluster, so that ports never collide.
            let ip = IPv4Address(
                127, UInt8(1 + (CurrentProcess.id >> 8) & 0x7F), UInt8(CurrentProcess.id & 0xFF),
                UInt8(number * 8 + id))
            return HostAddress(
                id: NodeID(UInt64(id)), address: SocketAddress(ip: ip, port: 7001))
        }
    }

    private static let nextNumber = Atomic<Int>(0)

    func settings(_ id: Int) -> HostSettings {
        var settings = HostSettings(
            cluster: 1, id: addresses[id - 1].id, listen: addresses[id - 1].address,
            peers: addresses, folder: "\(folder)/\(id)", seed: UInt64(id))
        settings.limits = limits
        settings.journal = journal
        settings.readRule = readRule
        return settings
    }

    func start(_ id: Int) throws {
        let host = try ReplicaHost(settings(id), log: Log("host-\(id)", minimum: .error))
        hosts[id] = host
        groups[id] = [:]
        let tenant = Tenant(cluster: self, id: id)
        tenants[id] = tenant
        host.tenant = tenant
        let own = id <= founderCount ? groupIDs : []
        for group in Set(own + host.recovered.keys) { try open(group, founding, on: id) }
        Task { @ReactorActor in await host.run() }
    }

    private var founding: Founding {
        Founding(
            founders: Membership(voters: addresses.prefix(founderCount).map(\.id)), charter: [7])
    }

    fileprivate func open(_ group: GroupID, _ founding: Founding, on id: Int) throws {
        let isFounder = founding.founders != .joining && id <= founderCount
        let state = try MemoryState(
            folder: "\(folder)/\(id)/\(group)", founders: founding.founders,
            values: isFounder ? values : [:])
        groups[id]?[group] = try host(id).open(group, founding, state: state)
    }

    fileprivate func forget(_ group: GroupID, on id: Int) {
        groups[id]?[group] = nil
        try? File.removeTree("\(folder)/\(id)/\(group)")
    }

    /// Takes part in whatever it is invited to.
    @ReactorActor
    private final class Tenant: HostTenant {
        private unowned let cluster: HostCluster
        private let id: Int

        init(cluster: HostCluster, id: Int) {
            self.cluster = cluster
            self.id = id
        }

        func admit(_ group: GroupID, _ founding: Founding) {
            precondition(founding.charter == [7], "the invitation carries the charter")
            try? cluster.open(group, founding, on: id)
        }

        func didRemove(_ group: GroupID) { cluster.forget(group, on: id) }
    }

    /// Stops a host as a crash would, and waits until it has let go of its folder.
    func stop(_ id: Int) async throws {
        guard let host = hosts.removeValue(forKey: id) else { return }
        await host.stop()
        groups[id] = nil
        let gone = Gone(log: host.records)
        _ = consume host
        _ = try await until("host \(id) is gone") { gone.log == nil ? true : nil }
    }

    @ReactorActor
    private final class Gone {
        weak var log: SharedLog?
        init(log: SharedLog) { self.log = log }
    }

    private func end() async {
        for id in hosts.keys.sorted() { try? await stop(id) }
        try? File.removeTree(folder)
    }

    func host(_ id: Int) throws -> ReplicaHost { try #require(hosts[id]) }

    func group(_ group: UInt64 = 1, on id: Int) throws -> Group {
        try #require(groups[id]?[GroupID(group)])
    }

    func replicas(of group: UInt64 = 1) -> [Group] {
        hosts.keys.sorted().compactMap { groups[$0]?[GroupID(group)] }
    }

    /// The hosts that have a replica.
    func members(of group: UInt64 = 1) -> [Int] {
        hosts.keys.sorted().filter { groups[$0]?[GroupID(group)] != nil }
    }

    // MARK: Clients

    /// Proposes on whichever replica leads until one applies it.
    @discardableResult
    func write(_ key: String, _ value: String, to group: UInt64 = 1) async throws -> Int {
        try await until("\(key) is written") {
            let id = try await self.leader(of: group)
            let outcome = try await self.group(group, on: id).propose(
                Array("\(key)=\(value)".utf8))
            if case .applied(let count) = outcome { return count }
            return nil
        }
    }

    func write(_ numbers: ClosedRange<Int>, to group: UInt64 = 1) async throws {
        for number in numbers { try await write("k\(number)", "v\(number)", to: group) }
    }

    func value(_ key: String, in group: UInt64 = 1) async throws -> String? {
        let leader = try await until("a confirmed read") {
            let replica = try self.group(group, on: try await self.leader(of: group))
            return await replica.readBarrier() == .ready ? replica : nil
        }
        return leader.state.values[key]
    }

    func expectWritten(_ numbers: ClosedRange<Int>, in group: UInt64 = 1) async throws {
        for number in numbers {
            #expect(try await value("k\(number)", in: group) == "v\(number)")
        }
    }

    // MARK: Conditions

    /// Waits for one replica of those that run to lead, and gives its host.
    func leader(of group: UInt64 = 1) async throws -> Int {
        try await until("a leader of group \(group)") {
            self.hosts.keys.sorted().first { id in
                self.groups[id]?[GroupID(group)]?.isLeader == true
                    && self.hosts[id]?.isCutOff == false
            }
        }
    }

    /// Waits until every running replica of a group has applied all that one has committed.
    func settle(_ group: UInt64 = 1) async throws {
        let commit = replicas(of: group).map(\.status.commit).max() ?? .zero
        _ = try await until("all replicas have applied \(commit)") {
            self.replicas(of: group).allSatisfy { $0.state.applied.index >= commit } ? true : nil
        }
    }

    /// Waits for a condition to give a value.
    func until<Value>(
        _ what: String, within limit: Duration = .seconds(20),
        every pause: Duration = .milliseconds(2),
        _ condition: @ReactorActor () async throws -> Value?
    ) async throws -> Value {
        let deadline = MonotonicTime.now() + limit
        while MonotonicTime.now() < deadline {
            if let value = try await condition() { return value }
            await Reactor.sleep(for: pause)
        }
        throw Overdue(what: what)
    }

    struct Overdue: Error {
        let what: String
    }
}

func soon() -> MonotonicTime { .now() + .seconds(20) }

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
