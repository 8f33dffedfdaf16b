// How many second tries a balancer may send: a share of its requests, and never a fixed count alone.
//
// One retry each is harmless while one backend of several is dead. When all of them fail, because the
// tier behind them does, it would double the load at the worst moment. Two bounds hold it back. Of the
// requests in flight only a share may be retries (Envoy's retry budget), which bites when answers are
// slow; and requests earn retries as they come (Finagle's), which bites when failures are quick. With
// either spent, a failure is passed on as it is.
//
// A backend that dies fails all that it had in hand at once, of three backends a third of what is in
// flight, and no share that holds a storm back would cover that. But such failures are quick, and their
// retries move load where others add some; so they are held by the second bound alone.

package import Blueprint

package struct RetryBudget: Sendable {
    /// Retries that a quiet balancer may send at once, as when a backend dies with all its requests.
    static let reserve = 100.0
    /// Retries saved up at most.
    static let savedMax = 1000.0

    private let settings: RetrySettings
    /// Retries that could be sent by the second bound: 0 <= balance <= savedMax.
    private var balance = reserve
    /// Requests in hand, whatever their number of tries.
    package private(set) var live = 0
    /// Those among them that are on a second try or a later one.
    package private(set) var retrying = 0

    package init(_ settings: RetrySettings) { self.settings = settings }

    /// Whole retries saved up.
    package var available: Int { Int(balance) }

    /// A request begins, which earns its share of a retry.
    package mutating func begin() {
        live += 1
        balance = min(balance + settings.budgetShare, Self.savedMax)
    }

    /// A request ends; `retries` is how many it took from the budget.
    package mutating func end(retries: Int) {
        precondition(live > 0, "a request ends once")
        precondition(retrying >= retries, "what ends was begun")
        live -= 1
        retrying -= retries
    }

    /// Takes one retry until `end`; false when there is none. `isBroken`: the connection of the try
    /// before it broke or was refused.
    package mutating func take(isBroken: Bool = false) -> Bool {
        if settings.isBudgeted {
            guard balance >= 1, isBroken || retrying < retryingMax else { return false }
            balance -= 1
        }
        retrying += 1
        return true
    }

    private var retryingMax: Int {
        max(settings.budgetMinimum, Int((Double(live) * settings.budgetShare).rounded(.up)))
    }
}
