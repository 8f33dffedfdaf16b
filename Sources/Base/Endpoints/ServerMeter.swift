// What a server measures of its own work: rate, errors and duration, and the lines in the log of what
// failed or took long, each with the id of its request.

import Linux
package import Reactor
package import Telemetry

/// How a server tells of single requests.
package struct RequestLog: Sendable {
    package let log: Log
    package let tier: String
    /// Requests that take longer are told of.
    package var slow: Duration = .milliseconds(250)
    /// Those that wait for something by their nature, and are slow without being ill.
    package var patient: Set<String> = []
    /// Tells of every request, up to `everyRate` a second: a log must not fill a disk in minutes.
    package var isEvery = false
    private var rate = LogRate(perSecond: 10)
    private var everyRate = LogRate(perSecond: 2000)

    package init(_ log: Log, tier: String) {
        self.log = log
        self.tier = tier
    }

    mutating func note(_ request: FinishedRequest) {
        let isSlow = request.duration > slow && !patient.contains(request.name)
        let now = Duration.nanoseconds(MonotonicTime.now().nanoseconds)
        if request.error != nil || isSlow {
            guard let skipped = rate.take(at: now) else { return }
            log.warning(
                request.error == nil ? "slow request" : "failed request", fields(request, skipped))
        } else if isEvery, let skipped = everyRate.take(at: now) {
            log.info("request", fields(request, skipped))
        }
    }

    private func fields(_ request: FinishedRequest, _ skipped: Int) -> Log.Fields {
        [
            "request": request.id ?? "-", "tier": tier, "name": request.name,
            "ms": "\(request.duration.nanoseconds / 1_000_000)",
            "error": request.error ?? "-", "skipped": skipped,
        ]
    }
}

/// One request that a server has answered.
struct FinishedRequest {
    var name: String
    var id: String?
    /// As `2xx`, or `ok` and `error`.
    var outcome: String
    var error: String?
    var duration: Duration
}

@ReactorActor
package final class ServerMeter {
    /// By outcome.
    package private(set) var answered: [String: Int] = [:]
    package private(set) var seconds = FixedHistogram.latency
    package private(set) var inWork = 0
    package var requestLog: RequestLog?

    package init() {}

    /// Of a server that has a log of requests at all.
    package func logEveryRequest() { requestLog?.isEvery = true }

    func begin() { inWork += 1 }

    func end(_ request: FinishedRequest) {
        inWork -= 1
        answered[request.outcome, default: 0] += 1
        seconds.record(request.duration)
        requestLog?.note(request)
    }

    /// Adds the figures under the name of a tier.
    package func describe(as tier: String, _ page: inout MetricsPage) {
        for (outcome, count) in answered.sorted(by: { $0.key < $1.key }) {
            page.counter(
                "\(tier)_requests_total", "Requests answered, by outcome.", count,
                ["outcome": outcome])
        }
        page.histogram("\(tier)_request_seconds", "From the whole request to its answer.", seconds)
        page.gauge("\(tier)_requests_in_work", "Requests not answered yet.", Double(inWork))
    }
}
