// `faultline load`: the generator alone against one URL, for finding out what a server takes before
// any fault is thrown at it. Same plan, same clock and same accounting as in an experiment.

import Endpoints
package import Experiment
import History
import Linux
package import Reactor

package struct LoadOptions: Equatable, Sendable {
    package var url: LoadURL
    /// Requests per second, above 0.
    package var rate: Double
    package var duration: Duration
    package var arrivals: ArrivalProcess = .even
    /// Open at most; a request that finds none free within `timeout` is shed.
    package var connections = 256
    package var seed: UInt64 = 1
    /// Counts from the intended time.
    package var timeout: Duration = .seconds(2)

    package init(url: LoadURL, rate: Double, duration: Duration) {
        self.url = url
        self.rate = rate
        self.duration = duration
    }
}

/// One load against one URL, in this process.
@ReactorActor
package final class LoadRunner {
    /// Time between the start and the first intended time, for the loop to come to rest.
    private static let lead: Duration = .milliseconds(20)

    private let options: LoadOptions
    private let generator: LoadGenerator

    package init(_ options: LoadOptions) {
        self.options = options
        var profile = LoadProfile(
            rate: options.rate, journeys: [JourneyShare(journey: .browse, share: 1)])
        profile.arrivals = options.arrivals
        profile.connections = options.connections
        profile.timeout = options.timeout
        generator = LoadGenerator(
            ArrivalPlan(profile, duration: options.duration, seed: options.seed), profile,
            to: [FixedDestination(options.url.address)], errand: PageErrand(options.url),
            records: LoadRecords())
    }

    /// Runs to the end and sums up.
    package func run() async -> LoadSummary {
        await generator.run(epoch: .now() + Self.lead)
        return LoadSummary(options, generator)
    }

    /// How it stands, for a line on a terminal.
    package var counts: LoadCounts { generator.counts }

    /// Ends early; `run` returns when what is in the air has come to its end.
    package func cut() { generator.cut() }

    package static func run(_ options: LoadOptions) async -> LoadSummary {
        await LoadRunner(options).run()
    }
}

/// GET of one page, the same each time.
private final class PageErrand: Errand {
    private let target: String
    private let request: [UInt8]

    init(_ url: LoadURL) {
        target = url.target
        request = RequestHeads(host: url.host).get(url.target)
    }

    func operation(for request: PlannedRequest) -> Operation {
        Operation(
            index: request.index, journey: request.journey.rawValue,
            request: .init(method: "GET", target: target), user: request.user,
            intended: request.intended)
    }

    /// A redirect is an answer like any other here; it is not followed.
    func perform(_ request: PlannedRequest, on lane: Lane) async -> Conclusion {
        do {
            var conclusion = Conclusion(try await lane.exchange(self.request), to: .read)
            if (300..<400).contains(conclusion.status) { conclusion.outcome = .ok }
            return conclusion
        } catch {
            return Conclusion(error, to: .read)
        }
    }
}
