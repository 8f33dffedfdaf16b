// Chaos over many seeds. A failure names the seed: `Simulation(.init(seed: N)).run()` shows it again.

import Testing

@testable import Raft

struct SimulationTests {
    /// What one run broke, if anything, and how much there was to break.
    private struct Outcome {
        var violation: Violation?
        var checker: SafetyChecker
    }

    private func outcome(of plan: Simulation.Plan) throws -> Outcome {
        var simulation = try Simulation(plan)
        do {
            try simulation.run()
            return Outcome(violation: nil, checker: simulation.checker)
        } catch let violation as Violation {
            return Outcome(violation: violation, checker: simulation.checker)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0..<10)
    func `no promise breaks, whatever the network, the disks and the crashes do`(
        batch: Int
    ) throws {
        var elections = 0
        var acknowledged = 0
        var reads = 0
        for offset in 0..<20 {
            let seed = UInt64(batch * 20 + offset)
            let outcome = try outcome(of: Simulation.Plan(seed: seed))
            if let violation = outcome.violation { Issue.record("seed \(seed): \(violation)") }
            elections += outcome.checker.elections
            acknowledged += outcome.checker.acknowledged.count
            reads += outcome.checker.readsJudged
        }
        // A run in which nothing happens breaks nothing either.
        #expect(elections > 20)
        #expect(acknowledged > 500)
        #expect(reads > 200)
    }

    @Test(.timeLimit(.minutes(1)))
    func `acknowledging on the leader alone loses an acknowledged entry`() throws {
        var broken: [Promise: UInt64] = [:]
        for seed in 0..<40 as Range<UInt64> {
            let plan = Simulation.Plan(seed: seed, commitRule: .leaderOnly)
            guard let violation = try outcome(of: plan).violation else { continue }
            broken[violation.promise] = broken[violation.promise] ?? seed
        }
        #expect(broken[.acknowledgedEntriesStay] != nil, "no seed lost one: \(broken)")
    }

    @Test func `the same seed gives the same run`() throws {
        let first = try outcome(of: Simulation.Plan(seed: 11)).checker
        let second = try outcome(of: Simulation.Plan(seed: 11)).checker
        #expect(first.acknowledged == second.acknowledged)
        #expect(first.elections == second.elections)
        #expect(first.readsJudged == second.readsJudged)
    }
}
