// One replica of one shard of the store as a process sees it: opens what the disk holds, listens to
// clients and to the other replicas, and ends cleanly or like a crash.

package import Blueprint
import Determinism
import Endpoints
import Journal
package import Linux
import Raft
package import Reactor
package import Replication
import Telemetry

@ReactorActor
package final class StoreServer {
    package let name: String
    let settings: StoreSettings
    let host: ReplicaHost
    let replica: StoreGroup
    let transactions: ShardTransactions
    let log: Log
    private let clients: RESPServer
    private let ended = Turnstile()
    private var hasEnded = false

    /// Recovers from the folder and listens at once; nothing is answered before `run`.
    package convenience init(
        name: String, listen: SocketAddress, dataFolder: String, settings: StoreSettings,
        seed: UInt64
    ) throws(ReplicationError) {
        try self.init(
            name: name, listen: listen, dataFolder: dataFolder, settings: settings, seed: seed,
            limits: ReplicaLimits())
    }

    /// With other bounds, and with a journal by which tests bring about a failing disk.
    init(
        name: String, listen: SocketAddress, dataFolder: String, settings: StoreSettings,
        seed: UInt64, limits: ReplicaLimits, journal: JournalOptions = JournalOptions(),
        patience: TransactionLimits = TransactionLimits()
    ) throws(ReplicationError) {
        self.name = name
        self.settings = settings
        log = Log(name)
        var place = settings.place(in: dataFolder, seed: seed)
        place.limits = limits
        place.journal = journal
        let host = try ReplicaHost(place, log: log)
        let replica = try Self.open(settings, on: host, dataFolder: dataFolder)
        transactions = ShardTransactions(
            replica: replica, settings: settings, limits: patience,
            random: SeededRandom(seed: seed), log: log)
        let commands = StoreCommands(
            replica: replica, host: host, settings: settings, transactions: transactions)
        do {
            clients = try RESPServer(listen) { command in await commands.answer(command) }
        } catch {
            throw .system(error)
        }
        self.host = host
        self.replica = replica
    }

    private static func open(
        _ settings: StoreSettings, on host: ReplicaHost, dataFolder: String
    ) throws(ReplicationError) -> StoreGroup {
        let group = GroupID(UInt64(settings.shard))
        let founders = Membership(voters: settings.replicas.map(settings.node))
        let state: StoreState
        do {
            state = try StoreState(
                folder: dataFolder + "/state", founders: founders, mapSize: settings.mapSize)
        } catch {
            throw .state(group: group, error)
        }
        return try host.open(
            group, founders: founders, state: state,
            commitRule: settings.acknowledge == .leader ? .leaderOnly : .majority)
    }

    /// Where clients reach it, with the port that the kernel chose where 0 was asked for.
    package var address: SocketAddress { clients.address }

    /// Serves until `drain` or `stop`.
    package func run() async {
        Task { @ReactorActor [host] in await host.run() }
        Task { @ReactorActor [transactions] in await transactions.sweepRegularly() }
        log.info(
            "serving",
            [
                "address": address, "shard": settings.shard, "replica": settings.replica,
                "applied": replica.state.applied.index,
            ])
        await clients.run()
        while !hasEnded { _ = await ended.wait() }
    }

    /// Hands leadership over, answers what is in work, and stops.
    package func drain() async {
        let deadline = MonotonicTime.now() + .seconds(2)
        await host.handOver(deadline: min(deadline, .now() + .milliseconds(700)))
        await clients.drain(deadline: deadline)
        await stop()
    }

    /// Stops at once, as a crash would; what was acknowledged is on the disk anyway.
    package func stop() async {
        clients.stop()
        transactions.stop()
        await host.stop()
        hasEnded = true
        ended.wakeAll()
    }

    /// Cuts this replica off from its peers, or lets it back: a partition for tests in one process.
    package var isCutOff: Bool {
        get { host.isCutOff }
        set { host.isCutOff = newValue }
    }
}

extension StoreSettings {
    /// The name of a replica among all hosts.
    func node(_ replica: StoreReplica) -> NodeID { NodeID(UInt64(replica.id)) }

    /// What the host of this replica is told.
    func place(in dataFolder: String, seed: UInt64) -> HostSettings {
        guard let own = replicas.first(where: { $0.id == replica }) else {
            preconditionFailure("replica \(replica) is not among the replicas")
        }
        var place = HostSettings(
            cluster: UInt64(shard), id: node(own), listen: own.peer,
            peers: replicas.map { HostAddress(id: node($0), address: $0.peer) },
            folder: dataFolder, seed: seed)
        place.heartbeat = heartbeat
        place.electionTimeout = electionTimeout
        return place
    }
}
