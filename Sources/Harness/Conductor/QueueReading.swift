// What the harness asks the queue of a stack: whether its workers have done everything, and what
// they gave up. Each partition is asked at its leader, which nobody else answers for.

import Blueprint
import Endpoints
import Experiment
import Linux
import Reactor
import Testbed
import Wire

@ReactorActor
struct QueueReading {
    private let stack: Stack
    private let tiers: [TierSpec]
    private static let topic = "orders"

    init(_ stack: Stack, _ topology: Topology) {
        self.stack = stack
        tiers = topology.tiers(serving: .queue)
    }

    /// False where orders wait elsewhere, or nowhere.
    var hasQueue: Bool { !tiers.isEmpty }

    /// True once no partition has anything left that the workers have not done.
    func isDrained(within limit: Duration, _ aborted: AbortSwitch) async -> Bool {
        let deadline = MonotonicTime.now() + limit
        while .now() < deadline, !aborted.isOn {
            var isEmpty = hasQueue
            for (tier, partition) in partitions where isEmpty {
                let reply = await ask(tier, ["DEPTH", Self.topic, "workers", String(partition)])
                isEmpty = reply?.elements?.prefix(3).allSatisfy { $0 == .integer(0) } ?? false
            }
            if isEmpty { return true }
            await Reactor.sleep(for: .milliseconds(100))
        }
        return false
    }

    /// By the order, why it lies in the dead-letter topic. Reading takes nothing out of it: the
    /// messages are leased, and neither acknowledged nor given back.
    func deadLetters() async -> [String: String] {
        var found: [String: String] = [:]
        for (tier, partition) in partitions {
            while case let letters = await fetch(tier, partition), !letters.isEmpty {
                for letter in letters { found[letter.order] = letter.reason }
            }
        }
        return found
    }

    private func fetch(
        _ tier: TierSpec, _ partition: Int
    ) async -> [(order: String, reason: String)] {
        let reply = await ask(
            tier,
            [
                "FETCH", "\(Self.topic).dead", "read-back", String(partition), "harness", "1",
                "500",
                "600000", "0",
            ])
        return (reply?.elements ?? []).map { letter in
            let parts = letter.elements ?? []
            let payload = parts.count > 3 ? parts[3].bytes : nil
            let order = payload.flatMap { try? JSON.parse($0.span) }?["order"]?.string
            let reason = parts.count > 5 ? [parts[4], parts[5]].compactMap(\.text) : []
            return (order ?? "?", reason.filter { !$0.isEmpty }.joined(separator: ": "))
        }
    }

    private var partitions: [(TierSpec, Int)] {
        tiers.flatMap { tier in (1...(tier.shape.partitionCount ?? 1)).map { (tier, $0) } }
    }

    /// The answer of whichever node leads; nil when none does.
    private func ask(_ tier: TierSpec, _ words: [String]) async -> RESPValue? {
        for member in stack.members where member.plan.tier == tier.name {
            let client = RESPClient(member.plan.listen)
            defer { client.close() }
            let reply = try? await client.call(words, deadline: .now() + .seconds(1))
            if case .array? = reply { return reply }
        }
        return nil
    }
}
