// How spikes bend the time of a plan. Arrivals are drawn as if the rate were even; each such time is the
// number of requests due by then, and the actual time is the one at which the bent rate has summed up to
// as many. For rates that are constant in stretches that integral is exact: within a stretch of factor f
// actual time goes by f times as slowly. Without spikes the two times are the same.

import Experiment
import Linux

struct Pace: Sendable {
    /// A stretch of one factor, from its start on.
    private struct Stretch: Sendable {
        /// Nanoseconds of the plan.
        var actual: Double
        /// Nanoseconds as if there were no spikes.
        var even: Double
        var factor: Double
    }

    private var stretches = [Stretch(actual: 0, even: 0, factor: 1)]
    /// The stretch of the last time asked for; times are asked for in order.
    private var current = 0

    /// Spikes in order, none overlapping another.
    init(_ spikes: [LoadSpike]) {
        for spike in spikes {
            begin(spike.factor, at: Double(spike.at.nanoseconds))
            begin(1, at: Double(spike.end.nanoseconds))
        }
    }

    private mutating func begin(_ factor: Double, at actual: Double) {
        let last = stretches[stretches.count - 1]
        precondition(actual >= last.actual, "spikes are in order")
        let even = last.even + (actual - last.actual) * last.factor
        stretches.append(Stretch(actual: actual, even: even, factor: factor))
    }

    /// The time of the plan for an even time, which is no earlier than the last one asked for.
    mutating func actual(_ even: Double) -> Double {
        while current + 1 < stretches.count, stretches[current + 1].even <= even { current += 1 }
        let stretch = stretches[current]
        return stretch.actual + (even - stretch.even) / stretch.factor
    }
}
