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
    private var failure: (any Error)?
    private var running = 0
    private let ended = Turnstile()

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
        loop.running = clients
        for client in 0..<clients {
            Task { @ReactorActor in await loop.serve(client, start, end, ask) }
        }
        while loop.running > 0 { _ = await loop.ended.wait() }
        if let failure = loop.failure { throw failure }
        return ClosedLoopResult(
            perSecond: Double(loop.latencies.count) / length.seconds,
            p50: loop.latencies.value(atPercentile: 50),
            p99: loop.latencies.value(atPercentile: 99))
    }

    private func serve(
        _ client: Int, _ start: MonotonicTime, _ end: MonotonicTime, _ ask: Ask
    ) async {
        var round = 0
        var now = MonotonicTime.now()
        while now < end, failure == nil {
            do {
                try await ask(client, round)
            } catch {
                failure = failure ?? error
            }
            let done = MonotonicTime.now()
            if now >= start, done <= end { latencies.recordClamped((done - now).nanoseconds) }
            round += 1
            now = done
        }
        running -= 1
        ended.wakeAll()
    }
}
