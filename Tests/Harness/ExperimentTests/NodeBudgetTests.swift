// What every tier may have: a budget, in topology files and on command lines, and how much it logs.

import Blueprint
import Testing

@testable import Experiment

struct NodeBudgetTests {
    private func topology(_ budget: String) throws -> Topology {
        try Sample.loadTopology(
            try edit(Sample.topology, "to: app}", "to: app, budget: \(budget)}"))
    }

    @Test func `each node of a tier has the tier's budget`() throws {
        let topology = try topology("{cpu: 12.5%, memory: 256MiB}")
        let nodes = topology.plan(folder: "/run", seed: 1)
        let budget = NodeBudget(cpu: 0.125, memory: 256 << 20)
        #expect(nodes.filter { $0.budget != nil }.map(\.name) == ["balancer-1"])
        #expect(nodes.first { $0.name == "balancer-1" }?.budget == budget)
        #expect(budget.text == "12.5% of a core, 256 MiB")
        #expect(topology.hasBudgets)
        #expect(try !Sample.loadTopology(Sample.topology).hasBudgets)
    }

    @Test func `another program has a budget too`() throws {
        let text = try edit(
            Sample.topology, "port: 6379\n", "port: 6379\n    budget: {memory: 32MiB}\n")
        let topology = try Sample.loadTopology(text)
        #expect(topology.tier(named: "cache")?.budget == NodeBudget(memory: 32 << 20))
    }

    @Test(arguments: [
        ("{cpu: 0.5}", "\"0.5\" is not a share of one core such as 50%"),
        ("{cpu: 0%}", "0% is not between 1% and 6400% of one core"),
        ("{memory: 1MiB}", "1MiB is below the least value, 16384KiB"),
        ("{memory: 64MB}", "\"64MB\" is not a size such as 64MiB"),
        ("{}", "\"budget\" limits nothing; give cpu or memory"),
        ("{cpus: 50%}", "unknown key \"cpus\""),
    ])
    func `a wrong budget is named`(budget: String, problem: String) throws {
        let found = try headlines { try topology(budget) }
        #expect(found.contains { $0.contains(problem) }, "\(found)")
    }

    @Test func `a command line's budget holds the tiers that have none`() throws {
        let topology = try topology("{cpu: 50%}")
        let budget = try #require(NodeBudget(parsing: "cpu:10%,memory:128MiB"))
        let held = topology.held(to: budget)
        #expect(held.tier(named: "balancer")?.budget == NodeBudget(cpu: 0.5))
        #expect(held.tiers.filter { $0.name != "balancer" }.allSatisfy { $0.budget == budget })
    }

    @Test func `the nodes of a tier log the requests that it says`() throws {
        let text = try edit(Sample.topology, "to: app}", "to: app, log: all}")
        let logging = try Sample.loadTopology(text).plan(folder: "/run", seed: 1)
            .reduce(into: [String: RequestLogging]()) { logging, node in
                if case .builtin(let blueprint, _) = node.program {
                    logging[node.name] = blueprint.log
                }
            }
        #expect(logging["balancer-1"] == .all)
        #expect(logging["app-1"] == .trouble)
        let found = try headlines {
            try Sample.loadTopology(edit(Sample.topology, "to: app}", "to: app, log: some}"))
        }
        #expect(found.contains { $0.contains("\"some\"") }, "\(found)")
    }

    @Test(arguments: ["", "cpu", "cpu:10", "cpu:10%,cpu:20%", "disk:1MiB", "memory:1MiB"])
    func `what is no budget is refused`(text: String) {
        #expect(NodeBudget(parsing: text) == nil)
    }
}
