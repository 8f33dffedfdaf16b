// The cache's log lines of single requests: those that failed, or all of them, each with its id.

import Linux
import Reactor
package import Telemetry

extension CacheServer {
    /// Tells of failed commands that came on behalf of a request.
    package func logRequests(to log: Log) {
        let rate = RateOfLines()
        engine.requestTrace = RequestTrace { id, name, hasFailed in
            guard let skipped = rate.take(hasFailed) else { return }
            let fields: Log.Fields = [
                "request": id, "tier": "cache", "name": name, "skipped": skipped,
            ]
            if hasFailed {
                log.warning("failed request", fields)
            } else {
                log.info("request", fields)
            }
        }
    }

    /// Tells of every one.
    package func logEveryRequest() { engine.requestTrace?.isEvery = true }
}

/// Lines a second, for failures and for the rest.
private final class RateOfLines {
    private var failures = LogRate(perSecond: 10)
    private var others = LogRate(perSecond: 2000)

    func take(_ hasFailed: Bool) -> Int? {
        let now = Duration.nanoseconds(MonotonicTime.now().nanoseconds)
        return hasFailed ? failures.take(at: now) : others.take(at: now)
    }
}
