// What a worker tells of orders that it did: how long they took, and log lines of those that took long, or of
// all, each with the id of the request that ordered. What failed is told where it fails.

import Endpoints
import Linux
import Telemetry

struct OrderLog {
    private let log: Log
    /// Effects that take longer are told of.
    private let slow: Duration = .milliseconds(250)
    var isEvery = false
    /// What effects took.
    private(set) var seconds = FixedHistogram.latency
    private var rate = LogRate(perSecond: 1000)

    init(_ log: Log) { self.log = log }

    mutating func note(_ order: Order, _ outcome: EffectOutcome, took: Duration) {
        seconds.record(took)
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
