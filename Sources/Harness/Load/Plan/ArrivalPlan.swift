// Everything about a load that could be random, drawn ahead from one seed: when each request is due,
// what it does, for whom. A run and its replay then ask the same of the system at the same times,
// however the system behaves, and a fingerprint shows that they did.
//
// Requests come one at a time, so a plan of millions takes no memory. Each choice has a stream of its
// own, drawn from once a request: another journey mix leaves the users as they were.

import Determinism
package import Experiment

/// One request of the plan.
package struct PlannedRequest: Hashable, Sendable {
    /// Place in the plan, from 0, without gaps.
    package let index: Int
    /// When it is to be sent, in nanoseconds since the epoch of the run.
    package let intended: Int64
    package let journey: Journey
    /// Who asks, from 1.
    package let user: Int
    /// Whose pages a browsing user looks at, from 1; other journeys ignore it.
    package let subject: Int
}

/// The requests of a load in order of their intended times.
package struct ArrivalPlan: Sendable {
    /// Starts every key of the run; from the seed, so that a replay writes under the same keys.
    package let tag: String
    package let seed: UInt64

    private let popularity: ZipfSampler
    private let shares: [JourneyShare]
    private var times: ArrivalTimes
    private var journeys: SeededRandom
    private var users: SeededRandom
    private var subjects: SeededRandom
    private var index = 0

    /// Needs at least one journey; user numbers are the ranks of their popularity, 1 the hottest.
    package init(_ profile: LoadProfile, duration: Duration, seed: UInt64) {
        precondition(!profile.journeys.isEmpty, "a load does something")
        let random = SeededRandom(seed: seed).fork("load")
        self.seed = seed
        popularity = ZipfSampler(count: profile.users, exponent: profile.popularity)
        shares = profile.journeys
        times = ArrivalTimes(
            profile.arrivals, rate: profile.rate, spikes: profile.spikes, duration: duration,
            random: random.fork("arrivals"))
        journeys = random.fork("journeys")
        users = random.fork("users")
        subjects = random.fork("subjects")
        var tags = random.fork("tag")
        tag = ArrivalPlan.padded(String(tags.next() >> 32, radix: 16), to: 8)
    }

    /// The next request; nil at the end of the plan.
    package mutating func next() -> PlannedRequest? {
        guard let intended = times.next() else { return nil }
        defer { index += 1 }
        return PlannedRequest(
            index: index, intended: intended, journey: journey(),
            user: popularity.sample(using: &users), subject: popularity.sample(using: &subjects))
    }

    /// Names what a request writes: the idempotency key and the id of its post or order.
    ///
    /// Padded, so that the order of the texts is the order of the plan, which is what the newest
    /// posts of a feed are found by.
    package func key(of request: PlannedRequest) -> String {
        tag + "-" + ArrivalPlan.padded(String(request.index), to: 9)
    }

    private mutating func journey() -> Journey {
        var rest = journeys.uniform()
        for share in shares.dropLast() {
            rest -= share.share
            if rest < 0 { return share.journey }
        }
        return shares[shares.count - 1].journey
    }

    private static func padded(_ digits: String, to width: Int) -> String {
        String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
