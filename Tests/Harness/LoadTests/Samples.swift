// The load that the tests plan: small, with every journey in it.

import Experiment
import Linux
import Load

enum Samples {
    static var profile: LoadProfile {
        LoadProfile(
            rate: 2000,
            journeys: [
                JourneyShare(journey: .browse, share: 0.6),
                JourneyShare(journey: .profile, share: 0.1),
                JourneyShare(journey: .post, share: 0.2),
                JourneyShare(journey: .checkout, share: 0.1),
            ])
    }

    /// Two seconds of it.
    static func plan(seed: UInt64, arrivals: ArrivalProcess) -> ArrivalPlan {
        var profile = profile
        profile.arrivals = arrivals
        return ArrivalPlan(profile, duration: .seconds(2), seed: seed)
    }

    static func requests(of plan: ArrivalPlan) -> [PlannedRequest] {
        var plan = plan
        var requests: [PlannedRequest] = []
        while let request = plan.next() { requests.append(request) }
        return requests
    }
}
