// So many clients, each of which asks again as soon as it is answered: the way in which stores publish
// their figures. It says how much a system can carry, and nothing about what users feel under load.

import Linux
import Reactor
import Telemetry

/// What a round of asking came to.
struct ClosedLoopResult {
    let perSecond: Double
    /// Nanoseconds.
    let p50: Int64
    let p99: Int64
}

@ReactorActor
final class ClosedLoop {
    typealias Ask = @ReactorActor (_ client: Int, _ round: Int) async throws -> Void

    private var latencies: HdrHistogram
    private var hasFailed = false

    private init() {
        latencies = HdrHistogram(lowestDiscernible: 1000, highestTrackable: 60_000_000_000)
    }

    /// Runs for the time given, after a warm-up of a fifth of it that is not counted.
    ///
    /// Throws the first error of any client: a figure with failures in it compares nothing.
    static func run(
        clients: Int, for length: Duration, _ ask: @escaping Ask
    ) async throws -> ClosedLoopResult {
        let loop = ClosedLoop()
        let start = MonotonicTime.now() + length / 5
        let end = start + length
        try await Crew.run(clients) { client in
            try await loop.serve(client, start, end, ask)
        }
        return ClosedLoopResult(
            perSecond: Double(loop.latencies.count) / length.seconds,
            p50: loop.latencies.value(atPercentile: 50),
            p99: loop.latencies.value(atPercentile: 99))
    }

    private func serve(
        _ client: Int, _ start: MonotonicTime, _ end: MonotonicTime, _ ask: Ask
    ) async throws {
        var round = 0
        var now = MonotonicTime.now()
        while now < end, !hasFailed {
            do {
                try await ask(client, round)
            } catch {
                // The others need not go on: a figure with failures in it compares nothing.
                hasFailed = true
                throw error
            }
            let done = MonotonicTime.now()
            if now >= start, done <= end { latencies.recordClamped((done - now).nanoseconds) }
            round += 1
            now = done
        }
    }
}
