// What the requests themselves say of one backend within one interval: how many it answered, how many
// it failed, how long it took. Outliers are found by comparing these among backends.

import Linux

struct OutlierWindow: Equatable, Sendable {
    private(set) var successes = 0
    private(set) var failures = 0
    /// Nanoseconds over all that ended, those that timed out too: they took at least that long.
    private var latencies: Int64 = 0

    var volume: Int { successes + failures }

    /// From 0 to 1; 1 for nothing.
    var successRate: Double { volume == 0 ? 1 : Double(successes) / Double(volume) }

    /// Mean, in seconds.
    var latency: Double { volume == 0 ? 0 : Double(latencies) / Double(volume) / 1e9 }

    mutating func note(success: Bool, latency: Duration) {
        if success { successes += 1 } else { failures += 1 }
        latencies &+= max(0, latency.nanoseconds)
    }
}
