// One node of the queue: a replica of every partition, a RESP server for clients. The nodes share
// one log on the disk among their partitions, so a burst over many partitions costs one fsync.

package import Blueprint
import Determinism
import Endpoints
package import Linux
import Raft
package import Reactor
import Replication
import Telemetry

/// A running node.
@ReactorActor
package final class QueueServer {
    let host: ReplicaHost
    let replicas: [PartitionReplica]
    let commands: QueueCommands
    private let log: Log
    let clients: RESPServer
    private let ended = Turnstile()
    private var hasEnded = false

    /// Recovers from the folder and listens at once; nothing is answered before `run`.
    package convenience init(
        name: String, listen: SocketAddress, dataFolder: String, settings: QueueSettings,
        seed: UInt64
    ) throws(QueueError) {
        try self.init(
            name: name, listen: listen, dataFolder: dataFolder, settings: settings, seed: seed,
            limits: ReplicaLimits())
    }

    /// With other bounds of the replicas, and with a log that can be read, for tests.
    init(
        name: String, listen: SocketAddress, dataFolder: String, settings: QueueSettings,
        seed: UInt64, limits: ReplicaLimits, log given: Log? = nil
    ) throws(QueueError) {
        let log = given ?? Log(name)
        self.log = log
        var place = settings.place(in: dataFolder, seed: seed)
        place.limits = limits
        let host: ReplicaHost
        do {
            host = try ReplicaHost(place, log: log)
        } catch {
            throw .replication(error)
        }
        self.host = host
        var replicas: [PartitionReplica] = []
        for index in 0..<settings.partitions {
            replicas.append(
                try Self.open(index, settings, on: host, folder: dataFolder, log, seed))
        }
        self.replicas = replicas
        let addresses = settings.nodes.map { ($0.nodeID, $0.client.address) }
        let commands = QueueCommands(
            replicas, addresses: Dictionary(uniqueKeysWithValues: addresses)
        ) {
            let figures = host.figures
            return [
                ("log_bytes", figures.logBytes), ("log_live_bytes", figures.liveBytes),
                ("log_syncs", figures.syncCount),
            ]
        }
        self.commands = commands
        do {
            clients = try RESPServer(listen) { command in await commands.answer(command) }
        } catch {
            throw .listen(error)
        }
        var requests = RequestLog(log, tier: "queue")
        requests.patient = ["FETCH"]
        clients.meter.requestLog = requests
    }

    private static func open(
        _ index: Int, _ settings: QueueSettings, on host: ReplicaHost, folder: String, _ log: Log,
        _ seed: UInt64
    ) throws(QueueError) -> PartitionReplica {
        let founders = Membership(voters: settings.nodes.map(\.nodeID))
        // What holds before the first leader has spoken; the same on every node.
        var initial = PartitionPolicy()
        initial.partitionCount = settings.partitions
        let state: PartitionState
        do {
            state = try PartitionState(
                folder: folder + "/partitions", index: index, policy: initial, founders: founders)
        } catch {
            throw .partition("\(error)")
        }
        let group: ReplicaGroup<PartitionState>
        do {
            group = try host.open(
                GroupID(UInt64(index + 1)), founders: founders, state: state,
                commitRule: settings.acknowledge == .leader ? .leaderOnly : .majority)
        } catch {
            throw .replication(error)
        }
        return PartitionReplica(
            number: index + 1, group: group, policy: settings.policy,
            preferred: settings.nodes[index % settings.nodes.count].nodeID, waitersMax: 10_000,
            log: log,
            random: SeededRandom(seed: seed).fork("partition-\(index + 1)"))
    }

    /// Where clients reach it, with the port that the kernel chose where 0 was asked for.
    package var address: SocketAddress { clients.address }

    /// Serves until `drain` or `stop`.
    package func run() async {
        Task { @ReactorActor [host] in await host.run() }
        for replica in replicas { Task { @ReactorActor in await replica.run() } }
        log.info("serving", ["address": address, "partitions": replicas.count])
        await clients.run()
        while !hasEnded { _ = await ended.wait() }
    }

    /// Hands its leaderships over, answers what is in work, and stops.
    package func drain() async {
        let deadline = MonotonicTime.now() + .seconds(2)
        for replica in replicas { replica.polls.close() }
        await host.handOver(deadline: min(deadline, .now() + .milliseconds(700)))
        await clients.drain(deadline: deadline)
        await stop()
    }

    /// Stops at once, as a crash would; what was acknowledged is on the disk anyway.
    package func stop() async {
        for replica in replicas { replica.stop() }
        clients.stop()
        await host.stop()
        hasEnded = true
        ended.wakeAll()
    }
}

extension ReplicaAddress {
    var nodeID: NodeID { NodeID(UInt64(id)) }
}

extension QueueSettings {
    /// What the host of this node is told.
    func place(in dataFolder: String, seed: UInt64) -> HostSettings {
        guard let own = nodes.first(where: { $0.id == node }) else {
            preconditionFailure("node \(node) is not among the nodes")
        }
        // The cluster's number keeps a stray node of a store out.
        var place = HostSettings(
            cluster: 0x7175_6575_65, id: own.nodeID, listen: own.peer,
            peers: nodes.map { HostAddress(id: $0.nodeID, address: $0.peer) },
            folder: dataFolder, seed: seed)
        place.heartbeat = heartbeat
        place.electionTimeout = electionTimeout
        return place
    }

    /// What the leaders of this node bring into the log.
    var policy: PartitionPolicy {
        var policy = PartitionPolicy()
        policy.partitionCount = partitions
        policy.triesMax = tries
        policy.retryDelayMin = retryDelayMin
        policy.retryDelayMax = retryDelayMax
        policy.retention = retention
        policy.session = session
        policy.bytesMax = memory
        return policy
    }
}
