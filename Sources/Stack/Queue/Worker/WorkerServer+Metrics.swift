// What a worker measures: orders by what came of them, and how long their effects took.

import Reactor
package import Telemetry

extension WorkerServer {
    /// Adds the worker's figures to a page.
    package func describe(_ page: inout MetricsPage) {
        let orders = [
            ("done", health.done), ("repeated", health.repeated), ("failed", health.failed),
            ("poison", health.poison), ("released", health.released),
        ]
        for (outcome, count) in orders {
            page.counter(
                "worker_orders_total", "Deliveries, by what came of them.", count,
                ["outcome": outcome])
        }
        let answers = [
            ("taken", health.acknowledged), ("fenced", health.fenced),
            ("unanswered", health.unanswered),
        ]
        for (outcome, count) in answers {
            page.counter(
                "worker_acknowledgements_total", "What the queue said to them.", count,
                ["outcome": outcome])
        }
        page.histogram(
            "worker_effect_seconds", "What the store took for an effect.", requests.seconds)
        page.gauge("worker_orders_in_work", "Orders in hand.", Double(health.inWork))
        page.gauge(
            "worker_partitions", "Partitions that are this worker's.",
            Double(health.partitions.count))
    }
}
