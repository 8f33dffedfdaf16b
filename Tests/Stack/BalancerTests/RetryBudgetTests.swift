// Retries are a share of requests: a reserve for one dead backend, no storm when all fail.

import Testing

@testable import Balancer

struct RetryBudgetTests {
    @Test func `a quiet balancer has a reserve, and it ends`() {
        var budget = RetryBudget()
        let granted = spend(of: &budget, tries: 1000)
        #expect(granted == 100)
        #expect(budget.available == 0)
    }

    @Test func `five requests earn one retry`() {
        var budget = RetryBudget()
        _ = spend(of: &budget, tries: 1000)
        for _ in 0..<4 { budget.earn() }
        let early = spend(of: &budget, tries: 3)
        budget.earn()
        let earned = spend(of: &budget, tries: 3)
        #expect((early, earned) == (0, 1))
    }

    @Test func `savings have a limit`() {
        var budget = RetryBudget()
        for _ in 0..<100_000 { budget.earn() }
        #expect(budget.available == 1000)
    }

    /// How many of so many tries are granted.
    private func spend(of budget: inout RetryBudget, tries: Int) -> Int {
        var granted = 0
        for _ in 0..<tries where budget.spend() { granted += 1 }
        return granted
    }
}
