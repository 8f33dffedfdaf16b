// What a kill cost, from a run's record.

import Checkers
import History
import Testing

struct KillCostTests {
    @Test func `users with a request that did not end well are affected`() throws {
        var scenario = Scenario()
        // Each operation of a scenario is another user's: 1,100 after the kill at 6 s.
        scenario.fail(from: 6000, to: 6500)
        let cost = try #require(
            KillCost(
                try scenario.verdict(), operations: scenario.run.operations, rate: 100))
        #expect(cost.node == "store-1-2")
        #expect(cost.users == 1100)
        #expect(cost.usersAffected == 50)
        #expect(cost.requestsLost == 50)
        #expect(cost.recovery == .recovered(500_000_000))
        #expect(cost.lostWrites == nil)
    }

    @Test func `what failed before the kill is not its cost`() throws {
        var scenario = Scenario()
        scenario.fail(from: 1000, to: 1100)
        let cost = try #require(
            KillCost(
                try scenario.verdict(), operations: scenario.run.operations, rate: 100))
        #expect(cost.usersAffected == 0)
    }

    @Test func `a lost write is counted`() throws {
        var scenario = Scenario()
        scenario.write(500, .post, key: "p")
        scenario.run.readBack = ReadBack(posts: ["p": .absent], isDrained: true)
        let cost = KillCost(
            try scenario.verdict(), operations: scenario.run.operations, rate: 100)
        #expect(cost?.lostWrites == 1)
    }

    @Test func `without a kill there is no cost`() throws {
        var scenario = Scenario()
        scenario.run.faults = []
        #expect(
            KillCost(try scenario.verdict(), operations: scenario.run.operations, rate: 1) == nil)
    }
}
