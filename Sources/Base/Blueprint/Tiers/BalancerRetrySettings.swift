// What a balancer is told of second tries: how many a request may have, and how many all together.

import Linux
import Wire

package struct RetrySettings: Equatable, Sendable {
    /// Further tries of one request, each on another backend.
    package var triesMax = 1
    /// Retries in flight as a share of requests in flight, and retries as a share of requests.
    package var budgetShare = 0.2
    /// Retries that may be in flight whatever the share says, so that a quiet balancer can retry.
    package var budgetMinimum = 32
    /// False: no budget at all, to show what a retry storm is.
    package var isBudgeted = true
    /// Time without an answer after which a second backend is asked too; zero: never.
    package var hedgeAfter: Duration = .zero

    package init() {}
}

extension RetrySettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "triesMax", "budgetShare", "budgetMinimum", "isBudgeted", "hedgeAfterNanoseconds",
        ])
        self.init()
        try members.read("triesMax", into: &triesMax, from: 0)
        try members.read("budgetShare", into: &budgetShare)
        try members.read("budgetMinimum", into: &budgetMinimum, from: 0)
        try members.read("isBudgeted", into: &isBudgeted)
        try members.read("hedgeAfter", into: &hedgeAfter)
    }

    var json: JSON {
        [
            "triesMax": triesMax.json, "budgetShare": .number(budgetShare),
            "budgetMinimum": budgetMinimum.json, "isBudgeted": .bool(isBudgeted),
            "hedgeAfterNanoseconds": hedgeAfter.json,
        ]
    }
}
