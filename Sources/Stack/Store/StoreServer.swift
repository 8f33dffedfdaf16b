// One replica of one shard of the store as a process sees it: opens what the disk holds, listens to
// clients and to the other replicas, and ends cleanly or like a crash.

package import Blueprint
import Determinism
import Endpoints
import Journal
package import Linux
import Raft
package import Reactor
import Telemetry

@ReactorActor
package final class StoreServer {
    package let name: String
    let settings: StoreSettings
    let driver: ReplicaDriver
    let log: Log
    private let clients: RESPServer
    private let listener: PeerListener
    let links: [NodeID: PeerLink]
    private let ended = Turnstile()
    private var hasEnded = false

    /// Recovers from the folder and listens at once; nothing is answered before `run`.
    package convenience init(
        name: String, listen: SocketAddress, dataFolder: String, settings: StoreSettings,
        seed: UInt64
    ) throws(ReplicaError) {
        try self.init(
            name: name, listen: listen, dataFolder: dataFolder, settings: settings, seed: seed,
            limits: ReplicaLimits())
    }

    /// With other bounds, and with a journal by which tests bring about a failing disk.
    init(
        name: String, listen: SocketAddress, dataFolder: String, settings: StoreSettings,
        seed: UInt64, limits bounds: ReplicaLimits, journal: JournalOptions = JournalOptions()
    ) throws(ReplicaError) {
        self.name = name
        self.settings = settings
        log = Log(name)
        let driver = try ReplicaDriver.open(
            dataFolder, settings: settings, seed: seed, journal: journal, log: log,
            limits: bounds)
        self.driver = driver
        let limits = PeerLinkLimits()
        let others = settings.replicas.filter { $0.id != settings.replica }
        var links: [NodeID: PeerLink] = [:]
        for other in others {
            let peer = NodeID(UInt64(other.id))
            let hello = PeerHello(shard: settings.shard, from: driver.id, to: peer)
            links[peer] = PeerLink(to: other.peer, hello: hello, limits: limits) { [weak driver] in
                driver?.didLoseMessages(to: peer)
            }
        }
        self.links = links
        let commands = StoreCommands(driver: driver, settings: settings)
        do {
            listener = try PeerListener(
                Self.own(settings).peer, shard: settings.shard, id: driver.id,
                peers: Set(links.keys), limits: limits,
                deliver: { [weak driver] message in driver?.receive(message) },
                takeSnapshot: { [weak driver] peer, connection in
                    await driver?.takeSnapshot(from: peer, on: connection)
                })
            clients = try RESPServer(listen) { command in await commands.answer(command) }
        } catch {
            throw .system(error)
        }
        driver.transfer = { file, message in
            await links[message.to]?.send(file, message) ?? false
        }
        driver.send = { message in links[message.to]?.send(message) }
        driver.didPost = {
            for link in links.values { link.flush() }
        }
    }

    /// Where clients reach it, with the port that the kernel chose where 0 was asked for.
    package var address: SocketAddress { clients.address }

    /// Serves until `drain` or `stop`.
    package func run() async {
        Task { @ReactorActor [listener] in await listener.run() }
        for link in links.values { Task { @ReactorActor in await link.run() } }
        Task { @ReactorActor [driver] in await driver.tickRegularly() }
        log.info(
            "serving",
            [
                "address": address, "shard": settings.shard, "replica": settings.replica,
                "applied": driver.state.applied.index,
            ])
        await clients.run()
        while !hasEnded { _ = await ended.wait() }
    }

    /// Hands leadership over, answers what is in work, and stops.
    package func drain() async {
        let deadline = MonotonicTime.now() + .seconds(2)
        await handOver(deadline: min(deadline, .now() + .milliseconds(700)))
        await clients.drain(deadline: deadline)
        await stop()
    }

    /// Stops at once, as a crash would; what was acknowledged is on the disk anyway.
    package func stop() async {
        clients.stop()
        listener.stop()
        for link in links.values { link.stop() }
        await driver.stop()
        hasEnded = true
        ended.wakeAll()
    }

    /// Cuts this replica off from its peers, or lets it back: a partition for tests in one process.
    package var isCutOff = false {
        didSet {
            listener.isBlocked = isCutOff
            for link in links.values { link.isBlocked = isCutOff }
        }
    }

    private func handOver(deadline: MonotonicTime) async {
        driver.transferLeadership()
        while driver.isLeader, links.values.contains(where: \.isUp) {
            guard .now() < deadline else { return }
            await Reactor.sleep(for: .milliseconds(5))
        }
    }

    private static func own(_ settings: StoreSettings) -> StoreReplica {
        guard let own = settings.replicas.first(where: { $0.id == settings.replica }) else {
            preconditionFailure("replica \(settings.replica) is not among the replicas")
        }
        return own
    }
}
