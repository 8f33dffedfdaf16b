// When requests are to be sent, fixed before the first one is: an open model, in which the system
// under test cannot slow down the load by answering late.

import Determinism
import Experiment
import Linux

/// The intended send times of a run, one after the other, from a seed.
struct ArrivalTimes: Sendable {
    private let process: ArrivalProcess
    /// Nanoseconds between two requests on average.
    private let gap: Double
    private var pace: Pace
    /// Nanoseconds; every time given out lies before it.
    private let end: Int64
    private var random: SeededRandom
    private var index = 0
    /// Time of the last Poisson arrival, as if there were no spikes. Kept as a Double: below 2^53 ns (104 days) sums of gaps are
    /// exact to less than a nanosecond.
    private var clock = 0.0

    init(
        _ process: ArrivalProcess, rate: Double, spikes: [LoadSpike] = [], duration: Duration,
        random: SeededRandom
    ) {
        precondition(rate > 0 && rate.isFinite, "a load has a rate")
        precondition(duration > .zero, "a load takes time")
        self.process = process
        gap = 1e9 / rate
        pace = Pace(spikes)
        end = duration.nanoseconds
        self.random = random
    }

    /// The next time in nanoseconds since the epoch of the plan; nil at its end.
    mutating func next() -> Int64? {
        let time: Double
        switch process {
        case .even:
            // Multiplied and never summed up, so that the millionth is as exact as the first.
            time = Double(index) * gap
        case .poisson:
            clock += random.exponential(mean: gap)
            time = clock
        }
        let actual = pace.actual(time)
        guard actual < Double(end) else { return nil }
        index += 1
        return Int64(actual)
    }
}
