// Nodes that die and are cut off, in an order drawn from a seed, while a shop publishes and workers
// work: every order that was acknowledged has its effect, none has two, and the replicas agree.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Replication
import Testing
import Wire

@testable import Queue

@ReactorActor
@Suite(.serialized, .timeLimit(.minutes(3)))
struct QueueTroubleTests {
    @Test(arguments: [1, 2] as [UInt64])
    func `what was acknowledged is done once, whatever happens to the nodes`(
        seed: UInt64
    ) async throws {
        try await WorkerStage.with(nodes: 3) { stage in
            stage.settings.visibility = .milliseconds(600)
            let shop = Shop(stage.cluster)
            _ = try stage.worker("worker-1")
            _ = try stage.worker("worker-2")
            let selling = Task { @ReactorActor in await shop.sell(250) }
            var trouble = Trouble(stage.cluster, seed: seed)
            for _ in 0..<8 { try await trouble.strike() }
            try await trouble.end()
            await selling.value
            #expect(try await stage.isDrained())
            #expect(shop.acknowledged.count > 100)
            for order in shop.acknowledged { #expect(stage.store.effects(of: order) == 1) }
            for order in shop.unknown { #expect(stage.store.effects(of: order) <= 1) }
            #expect(try await stage.depth(topic: "orders.dead") == [0, 0, 0])
            for partition in 0..<2 {
                let agreed = await eventually {
                    let states = stage.cluster.servers.values.map {
                        $0.replicas[partition].group.state
                    }
                    // The leader's time goes on with ticks, so they agree only at the same entry.
                    return Set(states.map(\.applied)).count == 1
                        && Set(states.map(\.partition.snapshot)).count == 1
                }
                #expect(agreed, "the replicas of partition \(partition + 1) differ")
            }
        }
    }
}

/// Publishes orders and remembers what it was told.
@ReactorActor
private final class Shop {
    private(set) var acknowledged: [String] = []
    private(set) var unknown: [String] = []
    private let cluster: QueueCluster
    private let seekers: [LeaderSeeker]

    init(_ cluster: QueueCluster) {
        self.cluster = cluster
        seekers = (0..<cluster.settings.partitions).map {
            LeaderSeeker(cluster.nodes.map(\.client), random: SeededRandom(seed: UInt64(90 + $0)))
        }
    }

    func sell(_ count: Int) async {
        for number in 0..<count {
            let user = number % 20
            let payload: JSON = ["user": .integer(Int64(user)), "order": .string("o\(number)")]
            let partition = ShardKey.shard(of: "{u\(user)}", count: seekers.count)
            do {
                let reply = try await seekers[partition].call(
                    [
                        "PUBLISH", "orders", "{u\(user)}", payload.text, "ID", "shop-\(partition)",
                        "\(number)",
                    ], deadline: .now() + .seconds(2))
                if case .integer = reply.value { acknowledged.append("o\(number)") }
            } catch {
                unknown.append("o\(number)")
            }
            await Reactor.sleep(for: .milliseconds(10))
        }
    }
}

/// Takes one node at a time away, so that a majority is there most of the time.
@ReactorActor
private struct Trouble {
    private let cluster: QueueCluster
    private var random: SeededRandom

    init(_ cluster: QueueCluster, seed: UInt64) {
        self.cluster = cluster
        random = SeededRandom(seed: seed)
    }

    mutating func strike() async throws {
        let victim = random.integer(in: 1...3)
        if random.chance(0.5) {
            try await cluster.stop(victim)
            await pause()
            try cluster.start(victim)
        } else {
            cluster.servers[victim]?.host.isCutOff = true
            await pause()
            cluster.servers[victim]?.host.isCutOff = false
        }
        await pause()
    }

    func end() async throws {
        for partition in 1...cluster.settings.partitions {
            _ = try await cluster.leader(of: partition)
        }
    }

    private mutating func pause() async {
        await Reactor.sleep(for: random.duration(in: .milliseconds(100) ... .milliseconds(500)))
    }
}
