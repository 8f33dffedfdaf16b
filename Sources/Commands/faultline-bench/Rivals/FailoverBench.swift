// How long writes are away when the leader is killed: our store beside etcd, once with etcd's own timeouts
// and once with timeouts like ours. All three clusters stand in one sandbox and lose their leaders in turns.
//
// Eight writers a cluster ask whichever replica they think leads, give up after 150 ms and go on to the
// next, as a client that knows nothing does. The time runs from SIGKILL to the first acknowledgement of a
// write that was begun after it.

import Endpoints
import Experiment
import Linux
import Reactor
import Testbed

struct FailoverBench {
    private let options: BenchOptions
    private let repetitions: Int

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 20
        _ = try BenchOptions.tool("etcd", debian: "etcd-server")
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Leader killed under writes", of: RivalTopology.failover, options,
            repetitions: repetitions, measure)
    }

    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> MarkdownTable {
        let clusters = try [
            KilledCluster("ours (50 ms, 300 ms)", RivalTopology.storeNodes, isEtcd: false, stack),
            KilledCluster(
                "etcd (100 ms, 1,000 ms)", RivalTopology.etcdNodes, isEtcd: true, stack),
            KilledCluster(
                "etcd (50 ms, 300 ms)", RivalTopology.quickEtcdNodes, isEtcd: true, stack),
        ]
        for repetition in 0..<repetitions {
            for place in clusters.indices {
                let cluster = clusters[(place + repetition) % clusters.count]
                let outage = try await cluster.killLeader()
                Heading.progress("\(cluster.title): \(Figure.text(outage, places: 0)) ms")
            }
        }
        var table = MarkdownTable(
            "heartbeat and election timeout", "p50 ms", "p99 ms", "least to most")
        for cluster in clusters {
            if let cells = Outages.cells(cluster.outages) { table.add([cluster.title] + cells) }
        }
        return table
    }
}

/// One cluster whose leaders are killed, and how long each time it took.
@ReactorActor
private final class KilledCluster {
    nonisolated let title: String
    private let members: [Member]
    private let isEtcd: Bool
    private(set) var outages: [Double] = []

    init(_ title: String, _ nodes: [String], isEtcd: Bool, _ stack: BenchStack) throws {
        self.title = title
        self.isEtcd = isEtcd
        members = try nodes.map { try stack.member(named: $0) }
    }

    private var addresses: [SocketAddress] { members.map(\.plan.listen) }

    /// Kills the leader, waits for writes, starts it again; returns the outage in milliseconds.
    func killLeader() async throws -> Double {
        let leader =
            try await isEtcd
            ? EtcdClient.leader(among: addresses) : StoreClient.leader(among: addresses)
        guard let member = members.first(where: { $0.plan.listen == leader }) else {
            throw BenchError("no node has the address \(leader)")
        }
        let writers = OutageWriters(addresses, from: leader, isEtcd: isEtcd)
        try await writers.waitForWrites(within: .seconds(10))
        let killed = MonotonicTime.now()
        guard try member.node.signal(.kill) else { throw BenchError("\(member.name) did not run") }
        writers.startClock()
        let first = try await writers.firstWrite(within: .seconds(30))
        await writers.stop()
        _ = await member.node.process?.waitForExit(deadline: .now() + .seconds(5))
        try member.node.restart()
        try await waitUntilReady(member)
        let outage = Double((first - killed).nanoseconds) / 1e6
        outages.append(outage)
        return outage
    }

    /// Ready, and for a second more, so that it has caught up before the next leader falls.
    private func waitUntilReady(_ member: Member) async throws {
        let deadline = MonotonicTime.now() + .seconds(20)
        while await !member.isReady() {
            guard .now() < deadline else { throw BenchError("\(member.name) did not come back") }
            await Reactor.sleep(for: .milliseconds(20))
        }
        await Reactor.sleep(for: .seconds(1))
    }
}

/// Clients that write all the time, and note the first acknowledgement of a write begun after a moment.
@ReactorActor
private final class OutageWriters {
    private static let count = 8
    private static let patience: Duration = .milliseconds(150)

    private let addresses: [SocketAddress]
    private let isEtcd: Bool
    private var guess: Int
    private var acknowledged = 0
    private var clockStart: MonotonicTime?
    private var first: MonotonicTime?
    private var isStopping = false
    private var running = OutageWriters.count
    private let changed = Turnstile()

    init(_ addresses: [SocketAddress], from leader: SocketAddress, isEtcd: Bool) {
        self.addresses = addresses
        self.isEtcd = isEtcd
        guess = addresses.firstIndex(of: leader) ?? 0
        for writer in 0..<Self.count {
            Task { @ReactorActor in
                await write(as: writer)
                running -= 1
                changed.wakeAll()
            }
        }
    }

    func startClock() { clockStart = .now() }

    func waitForWrites(within limit: Duration) async throws {
        try await wait(limit, "no write was acknowledged before the kill") { acknowledged >= 100 }
    }

    func firstWrite(within limit: Duration) async throws -> MonotonicTime {
        try await wait(limit, "no write was acknowledged after the kill") { first != nil }
        return first ?? .now()
    }

    func stop() async {
        isStopping = true
        while running > 0 { _ = await changed.wait() }
    }

    private func wait(
        _ limit: Duration, _ complaint: String, _ condition: () -> Bool
    ) async throws {
        let deadline = MonotonicTime.now() + limit
        while !condition() {
            guard await changed.wait(deadline: deadline) else { throw BenchError(complaint) }
        }
    }

    private func write(as writer: Int) async {
        let value = [UInt8](repeating: 0x78, count: 100)
        var clients: [Int: any KeyValueClient] = [:]
        while !isStopping {
            let place = guess
            let begun = MonotonicTime.now()
            let deadline = begun + Self.patience
            do {
                let client = try await client(at: place, &clients, deadline)
                try await client.write(writer, value, deadline: deadline)
                note(begun)
            } catch {
                clients.removeValue(forKey: place)?.close()
                if guess == place { guess = (place + 1) % addresses.count }
                await Reactor.sleep(for: .milliseconds(2))
            }
        }
        for client in clients.values { client.close() }
    }

    private func client(
        at place: Int, _ open: inout [Int: any KeyValueClient], _ deadline: MonotonicTime
    ) async throws -> any KeyValueClient {
        if let client = open[place] { return client }
        let client: any KeyValueClient =
            try await isEtcd
            ? EtcdClient(addresses[place], deadline: deadline)
            : StoreClient(addresses[place], name: "bench-\(UInt64.random(in: 0 ... .max))")
        open[place] = client
        return client
    }

    private func note(_ begun: MonotonicTime) {
        acknowledged += 1
        if first == nil, let clockStart, begun >= clockStart { first = .now() }
        changed.wakeAll()
    }
}
