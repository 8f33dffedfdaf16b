// One node of the store as a process sees it: opens the shards that the disk holds, listens to clients
// and to the other nodes, and ends cleanly or like a crash.

package import Blueprint
import Determinism
import Endpoints
import Journal
package import Linux
import Raft
package import Reactor
package import Replication
import Telemetry
import Wire

@ReactorActor
package final class StoreServer {
    package let name: String
    let settings: StoreSettings
    let host: ReplicaHost
    let routes: ShardRoutes
    let transactions: ShardTransactions
    let figures = StoreFigures()
    let dataFolder: String
    /// Requests that each shard remembers; the same on every replica.
    let requestCountMax: Int
    let log: Log
    /// The shards that this node has a replica of.
    var shards: [GroupID: StoreGroup] = [:]
    let clients: RESPServer
    /// Merges that are coordinated here, by the shard that grows.
    var merging: Set<GroupID> = []
    /// When a coordinator last asked something of a shard that is fenced or frozen.
    var touched: [GroupID: MonotonicTime] = [:]
    var sweeping: Set<GroupID> = []
    var isBalancing = false
    /// Whether this node, having come up, asks the others for its share of the replicas.
    var isAskingForShare: Bool
    /// Since when there has been nothing left to ask for.
    var contentSince: MonotonicTime?
    /// No replica is moved by itself before that, after a move that failed.
    var balancePauseEnd = MonotonicTime.now()
    var dropping: Set<GroupID> = []
    /// Moves that are under way here, by their shards.
    var moving: [GroupID: Int] = [:]
    /// Since when a shard that is led here has had learners and no move.
    var learnersSeen: [GroupID: MonotonicTime] = [:]
    /// Lets tests stop a node while a merge is at a moment.
    var mergePause: @ReactorActor (MergeMoment) async -> Void = { _ in }
    let ended = Turnstile()
    private(set) var hasEnded = false

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
        patience: TransactionLimits = TransactionLimits(), requestCountMax: Int = 100_000
    ) throws(ReplicationError) {
        self.name = name
        self.settings = settings
        self.dataFolder = dataFolder
        self.requestCountMax = requestCountMax
        isAskingForShare = settings.rebalance == .automatic
        log = Log(name)
        var place = settings.place(in: dataFolder, seed: seed)
        place.limits = limits
        place.journal = journal
        host = try ReplicaHost(place, log: log)
        routes = ShardRoutes(settings)
        transactions = ShardTransactions(
            routes: routes, limits: patience, random: SeededRandom(seed: seed), log: log)
        let receiver = Receiver()
        do {
            clients = try RESPServer(listen) { command in
                await receiver.server?.answer(command) ?? .error("UNAVAILABLE the node has ended")
            }
        } catch {
            throw .system(error)
        }
        clients.meter.requestLog = RequestLog(log, tier: "store")
        receiver.server = self
        host.tenant = self
        try readNewcomers()
        try openShards()
    }

    /// Lets the listener know its server without keeping it.
    @ReactorActor
    private final class Receiver {
        weak var server: StoreServer?
    }

    /// The shard that this node begins with.
    var home: GroupID { GroupID(UInt64(settings.shard)) }

    // MARK: Clients

    private func answer(_ command: RESPCommand) async -> RESPValue {
        if command.name == "SHARD" { return await ShardCommands(server: self).answer(command) }
        if let answer = await TransactionCommands(server: self).answer(command) { return answer }
        if let answer = await MergeCommands(server: self).answer(command) { return answer }
        if let replica = replica(for: command) {
            return await commands(on: replica).answer(command)
        }
        switch command.name {
        case "PING": return .simple("PONG")
        case "ROLE": return .array([.bulk("follower"), .integer(0), .integer(-1), .integer(0)])
        case "GET", "MGET", "SET", "DEL", "INCRBY", "ONCE", "RANGE", "SESSION":
            return .error(routes.refusal(for: command[1] ?? []).text)
        default: return .error("UNAVAILABLE this node has no shard")
        }
    }

    func commands(on replica: StoreGroup) -> StoreCommands {
        StoreCommands(
            replica: replica, host: host, settings: settings, routes: routes,
            transactions: transactions, figures: figures)
    }

    /// The replica that a command is for: by its first key, or else the home shard's.
    private func replica(for command: RESPCommand) -> StoreGroup? {
        let fallback = shards[home] ?? shards.min { $0.key < $1.key }?.value
        guard shards.count > 1, let key = Self.firstKey(of: command) else { return fallback }
        let owners = shards.values.filter { $0.state.table.ownership.owns(key) }
        return owners.max {
            $0.state.table.ownership.version < $1.state.table.ownership.version
        } ?? fallback
    }

    private static func firstKey(of command: RESPCommand) -> [UInt8]? {
        switch command.name {
        case "GET", "MGET", "SET", "DEL", "INCRBY", "ONCE", "RANGE", "SESSION": return command[1]
        case "TXN":
            var words = CommandWords(command)
            return (try? words.takeWrite())?.0.action.keys.first
        default: return nil
        }
    }

    // MARK: Life

    /// Where clients reach it, with the port that the kernel chose where 0 was asked for.
    package var address: SocketAddress { clients.address }

    /// Serves until `drain` or `stop`.
    package func run() async {
        Task { @ReactorActor [host] in await host.run() }
        Task { @ReactorActor in await tellShardsRegularly() }
        Task { @ReactorActor in await sweepTransactionsRegularly() }
        log.info(
            "serving",
            ["address": address, "shards": shards.keys.sorted(), "replica": settings.replica])
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
