// Retries are a share of requests: a reserve for one dead backend, no storm when all fail.

import Blueprint
import Testing

@testable import Balancer

struct RetryBudgetTests {
    @Test func `a quiet balancer has a reserve, and it ends`() {
        var budget = RetryBudget(settings(minimum: 10_000))
        let granted = take(1000, of: &budget)
        #expect(granted == 100)
        #expect(budget.available == 0)
    }

    @Test func `five requests earn one retry`() {
        var budget = RetryBudget(settings(minimum: 10_000))
        _ = take(1000, of: &budget)
        for _ in 0..<4 { budget.begin() }
        let taken1 = take(3, of: &budget)
        #expect(taken1 == 0)
        for _ in 0..<2 { budget.begin() }
        let taken2 = take(3, of: &budget)
        #expect(taken2 == 1)
    }

    @Test func `retries in flight are a share of the requests in flight`() {
        var budget = RetryBudget(settings(minimum: 3))
        let taken3 = take(10, of: &budget)
        #expect(taken3 == 3, "the minimum, with nothing in flight")
        for _ in 0..<50 { budget.begin() }
        let taken4 = take(10, of: &budget)
        #expect(taken4 == 7, "a fifth of fifty in all")
        budget.end(retries: 4)
        #expect(budget.live == 49)
        let taken5 = take(10, of: &budget)
        #expect(taken5 == 4)
    }

    @Test func `whatever a dead backend had in hand is tried again, past any share`() {
        var budget = RetryBudget(settings(minimum: 3))
        for _ in 0..<90 { budget.begin() }
        let broken = take(30, of: &budget, isBroken: true)
        #expect(broken == 30, "a third of ninety")
        let refused = take(10, of: &budget)
        #expect(refused == 0, "refusals keep to a fifth of ninety")
    }

    @Test func `when every connection breaks, what was earned is the bound`() {
        var budget = RetryBudget(settings(minimum: 3))
        for _ in 0..<500 { budget.begin() }
        let granted = take(500, of: &budget, isBroken: true)
        #expect((199...200).contains(granted), "the reserve and a fifth of five hundred")
    }

    @Test func `what is saved up has a bound`() {
        var budget = RetryBudget(settings(minimum: 1))
        for _ in 0..<10_000 {
            budget.begin()
            budget.end(retries: 0)
        }
        #expect(budget.available == 1000)
    }

    @Test func `without a budget every retry is granted`() {
        var none = settings(minimum: 0)
        none.isBudgeted = false
        var budget = RetryBudget(none)
        let taken6 = take(500, of: &budget)
        #expect(taken6 == 500)
    }

    private func settings(minimum: Int) -> RetrySettings {
        var settings = RetrySettings()
        settings.budgetMinimum = minimum
        return settings
    }

    private func take(
        _ tries: Int, of budget: inout RetryBudget, isBroken: Bool = false
    ) -> Int {
        (0..<tries).count { _ in budget.take(isBroken: isBroken) }
    }
}
