// How many retries a balancer may send: a share of its requests, and never more.
//
// One retry each is harmless while one backend of several is dead. When all of them fail, because
// the tier behind them does, it would double the load at the worst moment. So requests earn retries
// as they come: with this share spent, a failure is passed on at once. The share and the reserve
// are those of Finagle's default RetryBudget, counted in requests instead of seconds.

/// A bucket of permissions to retry.
package struct RetryBudget: Sendable {
    /// Requests that earn one retry.
    private static let requestsPerRetry = 5
    /// Retries that a quiet balancer may send at once, as when a backend dies with all its requests.
    private static let reserve = 100
    /// Retries saved up at most.
    private static let retriesMax = 1000

    /// In requests: 0 <= balance <= retriesMax * requestsPerRetry.
    private var balance = reserve * requestsPerRetry

    package init() {}

    /// Retries that could be sent now.
    package var available: Int { balance / Self.requestsPerRetry }

    /// Notes one request, which earns a fraction of a retry.
    package mutating func earn() {
        balance = min(balance + 1, Self.retriesMax * Self.requestsPerRetry)
    }

    /// Takes one retry; false when there is none.
    package mutating func spend() -> Bool {
        if available == 0 { return false }
        balance -= Self.requestsPerRetry
        return true
    }
}
