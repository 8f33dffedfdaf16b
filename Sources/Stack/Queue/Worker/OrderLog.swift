// A worker's log lines of orders that it did: those that took long, or all, each with the id of the request
// that ordered. What failed is told where it fails.

import Endpoints
import Linux
import Telemetry

struct OrderLog {
    private let log: Log
    /// Effects that take longer are told of.
    private let slow: Duration = .milliseconds(250)
    var isEvery = false
    private var rate = LogRate(perSecond: 1000)

    init(_ log: Log) { self.log = log }

    mutating func note(_ order: Order, _ outcome: EffectOutcome, took: Duration) {
        guard isEvery || took > slow,
            let skipped = rate.take(at: .nanoseconds(MonotonicTime.now().nanoseconds))
        else { return }
        log.info(
            took > slow ? "slow request" : "request",
            [
                "request": order.request ?? "-", "tier": "worker", "name": "order",
                "order": order.id, "outcome": "\(outcome)",
                "ms": "\(took.nanoseconds / 1_000_000)", "skipped": skipped,
            ])
    }
}

extension Order {
    /// What the store is told of the request; nil where the order came without an id.
    func context(until deadline: MonotonicTime) -> RequestContext? {
        request.map { RequestContext(id: $0, deadline: deadline) }
    }
}
