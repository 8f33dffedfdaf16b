// The books of a load: counts, windows and distributions. Pure: it is told what happened and when.

import Experiment
import History
import Linux
import Telemetry

struct LoadLedger: Sendable {
    private(set) var counts = LoadCounts()
    private(set) var windows: WindowRing
    /// Nanoseconds from the intended time to the dispatch, over the whole load.
    private(set) var dispatchLag: HdrHistogram
    /// Latencies of what ended since they were last taken, by journey.
    private var interval: [Journey: HdrHistogram] = [:]
    private(set) var latencies: HdrHistogram
    private let empty: HdrHistogram
    /// Nanoseconds.
    private let timeout: Int64

    init(timeout: Duration) {
        self.timeout = timeout.nanoseconds
        // What is later than the timeout is late by the generator's own doing, and not by much.
        let latencyMax = max(2 * timeout.nanoseconds, 1_000_000_000)
        empty = HdrHistogram(lowestDiscernible: 1000, highestTrackable: latencyMax)
        latencies = empty
        dispatchLag = HdrHistogram(lowestDiscernible: 1000, highestTrackable: 60_000_000_000)
        windows = WindowRing(latencyMax: latencyMax)
    }

    mutating func plan(_ request: PlannedRequest) {
        counts.planned += 1
        counts.inFlight += 1
        windows.plan(intended: request.intended)
    }

    mutating func start(lag: Int64) {
        counts.started += 1
        dispatchLag.recordClamped(lag)
    }

    /// `completed` is in nanoseconds since the epoch, like the intended time.
    mutating func end(
        _ request: PlannedRequest, _ conclusion: Conclusion, completed: Int64, wasSent: Bool
    ) {
        counts.inFlight -= 1
        if wasSent { counts.sent += 1 }
        counts.end(conclusion)
        let latency = latency(of: conclusion.outcome, completed - request.intended)
        windows.end(
            intended: request.intended, ok: conclusion.outcome == .ok, latency: latency)
        guard let latency else { return }
        latencies.recordClamped(latency)
        interval[request.journey, default: empty].recordClamped(latency)
    }

    mutating func windows(from first: Int) -> [LoadWindow] { windows.windows(from: first) }

    /// The distributions since the last call, which start anew.
    mutating func takeInterval() -> [Journey: HdrHistogram] {
        defer { interval.removeAll(keepingCapacity: true) }
        return interval
    }

    /// What a request weighs in percentiles. A refusal comes fast and would make an outage look quick,
    /// so it weighs nothing; whoever waited in vain weighs what was waited, at least the timeout for
    /// what was never asked.
    private func latency(of outcome: Operation.Outcome, _ taken: Int64) -> Int64? {
        switch outcome {
        case .ok, .unknown, .failed(.timeout): taken
        case .shed, .neverSent: max(taken, timeout)
        case .failed: nil
        }
    }
}
