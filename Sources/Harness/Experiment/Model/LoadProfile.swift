// The load of an experiment: an open model, in which requests arrive when the plan says and not
// when the last answer came back.

/// How requests are spread over time.
package enum ArrivalProcess: String, CaseIterable, Sendable {
    /// One every `1 / rate` seconds.
    case even
    /// Independent users: exponential gaps with the same mean.
    case poisson
}

/// What one simulated user does.
package enum Journey: String, CaseIterable, Hashable, Sendable {
    /// Reads a profile and a feed.
    case browse
    /// Reads a profile alone.
    case profile
    /// Writes a post.
    case post
    /// Puts an order on the queue.
    case checkout
    /// Fetches a static file, without signing in.
    case `static`
}

package struct JourneyShare: Sendable, Equatable {
    package var journey: Journey
    /// Above 0; the shares of a profile sum to 1.
    package var share: Double

    package init(journey: Journey, share: Double) {
        self.journey = journey
        self.share = share
    }
}

/// A stretch of time in which requests come so many times as often.
package struct LoadSpike: Sendable, Equatable {
    /// From the start of the load, its warm-up included.
    package var at: Duration
    package var length: Duration
    /// Above 0; below 1 it is a lull.
    package var factor: Double

    package init(at: Duration, length: Duration, factor: Double) {
        self.at = at
        self.length = length
        self.factor = factor
    }

    package var end: Duration { at + length }
}

extension JourneyShare {
    /// Reads `browse:80%,post:20%` from a command line; nil unless the shares sum to all.
    package static func list(parsing text: String) -> [JourneyShare]? {
        var shares: [JourneyShare] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":")
            guard pair.count == 2, let journey = Journey(rawValue: String(pair[0])),
                let share = try? Quantity.ratio(String(pair[1])), share > 0,
                !shares.contains(where: { $0.journey == journey })
            else { return nil }
            shares.append(JourneyShare(journey: journey, share: share))
        }
        let sum = shares.map(\.share).reduce(0, +)
        return (0.999_999...1.000_001).contains(sum) ? shares : nil
    }
}

package struct LoadProfile: Sendable, Equatable {
    package var arrivals: ArrivalProcess = .poisson
    /// Journeys begun per second.
    package var rate: Double
    package var journeys: [JourneyShare]
    /// The population; user numbers run from 1 to this.
    package var users = 1000
    /// The exponent of the Zipf law by which users are picked; 0 makes all equally likely.
    package var popularity = 1.0
    /// Counted from the intended send time; past it a request is a failure, whatever comes.
    package var timeout: Duration = .seconds(2)
    /// Connections open at most; a request that finds none free is counted as never sent.
    package var connections = 256
    /// In the order of their times, none overlapping another.
    package var spikes: [LoadSpike] = []

    package init(rate: Double, journeys: [JourneyShare]) {
        self.rate = rate
        self.journeys = journeys
    }
}
