// What a balancer measures: its counters, and how each backend stands.

import Linux
package import Telemetry

extension BalancerServer {
    /// Adds the balancer's figures to a page.
    package func describe(_ page: inout MetricsPage) {
        for (name, value) in counters.all {
            page.counter(
                MetricsPage.name(from: "balancer_\(name)_total"), "Of the balancer's work.", value)
        }
        for backend in pool.backends { describe(backend, &page) }
        page.gauge("balancer_connections", "Connections of clients.", Double(sessionCount))
        page.gauge("balancer_pending", "Requests that wait for a backend.", Double(lineCount))
        page.gauge(
            "balancer_panic", "Whether backends out of rotation get requests too.",
            pool.isPanicking ? 1 : 0)
    }

    private func describe(_ backend: Backend, _ page: inout MetricsPage) {
        let labels: MetricsPage.Labels = ["backend": backend.name]
        page.counter(
            "balancer_backend_requests_total", "Tries at each backend.", backend.requests, labels)
        page.counter(
            "balancer_backend_failures_total", "Tries that failed there.", backend.failures, labels)
        page.gauge(
            "balancer_backend_in_flight", "Requests that it has in hand.",
            Double(backend.inFlight), labels)
        page.gauge(
            "balancer_backend_in_rotation", "Whether it gets requests.",
            backend.isInRotation ? 1 : 0, labels)
        page.gauge(
            "balancer_backend_latency_seconds", "What it is expected to take.",
            backend.expectedLatency(at: .now()), labels)
    }
}
