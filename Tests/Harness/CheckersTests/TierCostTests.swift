// What a request costs a tier, and how far its budget reaches.

import Checkers
import Testing

struct TierCostTests {
    private static let second: Int64 = 1_000_000_000

    private func samples(
        _ node: String, _ tier: String, cpu: Double, budget: Double?
    ) -> [NodeSample] {
        (1...4).map { index in
            var sample = NodeSample(node: node, tier: tier, at: Int64(index) * Self.second)
            (sample.cpu, sample.cpuBudget) = (cpu, budget)
            return sample
        }
    }

    @Test func `the nodes of a tier share the cost, and its busiest is the ceiling`() throws {
        let app =
            samples("app-1", "app", cpu: 0.04, budget: 0.1)
            + samples("app-2", "app", cpu: 0.06, budget: 0.1)
        let store = samples("store-1-1", "store", cpu: 0.08, budget: 0.1)
        let costs = TierCost.costs(app + store, at: 1000)
        #expect(costs.map(\.tier) == ["store", "app"])
        #expect(abs(costs[0].ceiling - 1250) < 1)
        #expect(abs(costs[0].perRequest - 80) < 0.01)
        #expect(costs[1].nodes == 2)
        #expect(costs[1].busiest == "app-2")
        #expect(abs(costs[1].perRequest - 100) < 0.01)
        #expect(abs(costs[1].ceiling - 1667) < 1)
    }

    @Test func `without a budget a whole core is the measure`() throws {
        let cost = try #require(
            TierCost.costs(samples("app-1", "app", cpu: 0.5, budget: nil), at: 100).first)
        #expect(cost.busiestShare == 0.5)
        #expect(cost.ceiling == 200)
    }

    @Test func `a tier that did nothing, and one that was not sampled, cost nothing`() {
        #expect(TierCost.costs(samples("cache-1", "cache", cpu: 0, budget: 0.1), at: 10) == [])
        #expect(
            TierCost.costs(
                samples("app-1", "app", cpu: 0.1, budget: 0.1),
                in: 100 * Self.second..<200 * Self.second, at: 10) == [])
    }
}
