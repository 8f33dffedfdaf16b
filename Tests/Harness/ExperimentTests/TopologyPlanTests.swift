// The plan of a topology: every node has an address of its own and knows the right peers.

import Blueprint
import Linux
import Testing

@testable import Experiment

struct TopologyPlanTests {
    private func plan(seed: UInt64 = 7) throws -> [PlannedNode] {
        try Sample.loadTopology(Sample.topology).plan(folder: "/run/nodes", seed: seed)
    }

    private func node(_ name: String) throws -> PlannedNode {
        try #require(try plan().first { $0.name == name })
    }

    private func settings(_ name: String) throws -> TierSettings {
        guard case .builtin(let blueprint, _) = try node(name).program else {
            throw TargetError.empty(selection: name)
        }
        return blueprint.settings
    }

    @Test func `nodes are named after their tier, shard and number`() throws {
        #expect(
            Set(try plan().map(\.name)) == [
                "balancer-1", "app-1", "app-2", "app-3", "cache-1", "store-1-1", "store-1-2",
                "store-1-3", "store-2-1", "store-2-2", "store-2-3", "queue-1", "queue-2",
                "queue-3", "worker-1", "worker-2",
            ])
    }

    @Test func `addresses follow tier, shard and number`() throws {
        #expect(try node("balancer-1").listen.description == "10.1.0.1:8080")
        #expect(try node("app-3").listen.description == "10.2.0.3:8080")
        #expect(try node("cache-1").listen.description == "10.3.0.1:6379")
        #expect(try node("store-2-3").listen.description == "10.4.2.3:7000")
        #expect(AddressPlan.client(1).description == "10.254.0.1")
        let addresses = try plan().map(\.listen.ip)
        #expect(Set(addresses).count == addresses.count)
    }

    @Test func `nodes come in an order in which they can start`() throws {
        let nodes = try plan()
        #expect(nodes.map(\.wave) == nodes.map(\.wave).sorted())
        let waves = Dictionary(nodes.map { ($0.tier, $0.wave) }, uniquingKeysWith: max)
        #expect(
            waves == ["cache": 0, "store": 0, "queue": 0, "app": 1, "worker": 1, "balancer": 2])
    }

    @Test func `each tier learns the nodes that it talks to`() throws {
        guard case .balancer(let balancer) = try settings("balancer-1"),
            case .app(let app) = try settings("app-2"),
            case .worker(let worker) = try settings("worker-1")
        else {
            Issue.record("the settings are of another tier")
            return
        }
        #expect(balancer.backends.map(\.name) == ["app-1", "app-2", "app-3"])
        #expect(balancer.policy == .leastConnections)
        #expect(balancer.retry == RetrySettings())
        #expect(app.cache.map(\.address.description) == ["10.3.0.1:6379"])
        #expect(app.queue.map(\.name) == ["queue-1", "queue-2", "queue-3"])
        #expect(app.queuePartitions == 4)
        #expect(worker.partitions == 4)
        #expect(
            app.shards.map { $0.map(\.name) } == [
                ["store-1-1", "store-1-2", "store-1-3"], ["store-2-1", "store-2-2", "store-2-3"],
            ])
        #expect(worker.shards == app.shards)
        #expect(worker.work == .milliseconds(10))
        #expect(worker.acknowledge == .afterEffect)
    }

    @Test func `a queue's node knows itself, its peers and its partitions`() throws {
        guard case .queue(let queue) = try settings("queue-2") else {
            Issue.record("the settings are of another tier")
            return
        }
        #expect(queue.node == 2)
        #expect(queue.partitions == 4)
        #expect(queue.nodes.map(\.client.name) == ["queue-1", "queue-2", "queue-3"])
        #expect(
            queue.nodes.map(\.peer.description) == [
                "10.5.0.1:7101", "10.5.0.2:7101", "10.5.0.3:7101",
            ])
    }

    @Test func `what a topology says of queue and workers reaches them`() throws {
        var text = try edit(
            Sample.topology, "{role: queue}",
            "{role: queue, replicas: 1, partitions: 2, tries: 5, memory: 64KiB, retention: 1m, "
                + "acknowledge: leader}")
        text = try edit(
            text, "store: store}\n", "store: store, poison: 2%, concurrency: 3}\n")
        let nodes = try Sample.loadTopology(text).plan(folder: "/f", seed: 1)
        func settings(_ name: String) -> TierSettings? {
            guard
                case .builtin(let blueprint, _)? = nodes.first(where: { $0.name == name })?.program
            else { return nil }
            return blueprint.settings
        }
        guard case .queue(let queue)? = settings("queue-1"),
            case .worker(let worker)? = settings("worker-1")
        else {
            Issue.record("nodes are missing")
            return
        }
        #expect(!nodes.contains { $0.name == "queue-2" })
        #expect(queue.partitions == 2)
        #expect(queue.tries == 5)
        #expect(queue.acknowledge == .leader)
        #expect(queue.memory == 64 << 10)
        #expect(queue.retention == .seconds(60))
        #expect(worker.partitions == 2)
        #expect(worker.poison == 0.02)
        #expect(worker.concurrency == 3)
    }

    @Test func `a store knows its shard, itself and its peers`() throws {
        guard case .store(let store) = try settings("store-2-3") else {
            Issue.record("the settings are of another tier")
            return
        }
        #expect((store.shard, store.shardCount, store.replica) == (1, 2, 3))
        #expect(store.replicas.map(\.id) == [1, 2, 3])
        #expect(store.replicas.map(\.client.name) == ["store-2-1", "store-2-2", "store-2-3"])
        #expect(store.replicas[0].peer.description == "10.4.2.1:7001")
        #expect(store.acknowledge == .majority)
    }

    @Test func `a program of others is rendered for its node`() throws {
        let node = try node("cache-1")
        guard case .exec(let program) = node.program else {
            Issue.record("the cache is not ours")
            return
        }
        #expect(program.arguments == ["redis-server", "/run/nodes/cache-1/files/redis.conf"])
        #expect(program.environment == [RenderedProgram.Entry(name: "TZ", value: "UTC")])
        #expect(
            program.files == [
                RenderedProgram.Entry(
                    name: "/run/nodes/cache-1/files/redis.conf", value: "port 6379")
            ])
        #expect(node.dataFolder == "/run/nodes/cache-1/data")
    }

    @Test func `every placeholder has a value`() throws {
        let all =
            "{{address}} {{port}} {{peer-port}} {{folder}} {{ files }} {{name}} {{index}} "
            + "{{address.of.store}} {{address.of.store.2}} {{port.of.store}} {{addresses.of.worker}}"
        var text = try edit(Sample.topology, "port {{port}}", all)
        text = try edit(text, "port: 6379", "port: 6379\n    peer-port: 6380")
        let nodes = try Sample.loadTopology(text).plan(folder: "/n", seed: 1)
        let cache = try #require(nodes.first { $0.name == "cache-1" })
        guard case .exec(let program) = cache.program else { return }
        #expect(
            program.files[0].value
                == "10.3.0.1 6379 6380 /n/cache-1/data /n/cache-1/files cache-1 1 10.4.1.1 10.4.1.2 7000 "
                + "10.6.0.1:7200,10.6.0.2:7200")
    }

    @Test func `seeds differ by node and by run, and repeat`() throws {
        let seeds = { (nodes: [PlannedNode]) in
            nodes.compactMap { node -> UInt64? in
                guard case .builtin(let blueprint, _) = node.program else { return nil }
                return blueprint.seed
            }
        }
        let first = seeds(try plan())
        #expect(Set(first).count == 15)
        #expect(seeds(try plan()) == first)
        #expect(Set(seeds(try plan(seed: 8))).isDisjoint(with: first))
    }

    @Test func `every blueprint survives its file`() throws {
        for node in try plan() {
            guard case .builtin(let blueprint, let path) = node.program else { continue }
            #expect(path == "/run/nodes/\(node.name)/blueprint.json")
            #expect(try NodeBlueprint(json: blueprint.json) == blueprint)
        }
    }
}
