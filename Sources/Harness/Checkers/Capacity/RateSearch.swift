// The highest rate at which the objectives hold, found by search. Pure: it says which rate to try next
// and is told how the trial ended; who runs the trials, and how long each takes, is not its affair.
//
//     probe     start, x2, x2, ... until one fails (or, where the first fails, /2, /2, ... until one holds)
//     doubt     the rate that failed once more: a hiccup of the host must not cap the whole search
//     bisect    between the highest that held and the lowest that failed, by their geometric mean, until
//               they are `precision` apart
//     confirm   the highest that held once more; it counts when it holds in two of three trials
//
// A trial in which the generator could not keep up says nothing about the system. It bounds the search
// from above as a failure does, but if the bound stays, the result is "at least", and the generator was
// the limit. The number of trials is bounded; what is known when they run out is the result; the last is kept for confirming it.

package struct RateSearch: Sendable {
    package struct Settings: Hashable, Sendable {
        /// Requests a second of the first trial.
        package var start: Double = 50
        /// Rates outside of these are not tried; 0 < least <= start <= most.
        package var least: Double = 1
        package var most: Double = 50_000
        /// Ratio of the failing to the holding bound at which the search is fine enough; above 1.
        package var precision: Double = 1.1
        /// All trials of one search, at least 2.
        package var trialsMax = 16

        package init() {}
    }

    package enum Purpose: String, Hashable, Sendable { case probe, doubt, bisect, confirm }

    package enum Outcome: String, Hashable, Sendable {
        case held
        case failed
        /// The generator was the limit, so the system was not asked.
        case saturated
    }

    package struct Trial: Hashable, Sendable {
        package var rate: Double
        package var purpose: Purpose
        package var outcome: Outcome
    }

    package struct Result: Hashable, Sendable {
        /// The highest rate that held; nil: none did.
        package var rate: Double?
        /// The lowest rate above it that did not hold, so the limit lies between the two; nil: none
        /// was found.
        package var failing: Double?
        /// Whether it held in two of at most three trials.
        package var isConfirmed: Bool
        /// Whether only the generator, or the end of the range, stood in the way of more.
        package var isAtLeast: Bool
        package var limit: Limit
    }

    package enum Limit: String, Hashable, Sendable {
        /// The objectives failed just above the rate.
        case objectives
        case generator
        /// The greatest rate of the range held, or the trials ran out before one failed.
        case range
    }

    package enum Step: Hashable, Sendable {
        case trial(rate: Double, purpose: Purpose)
        case finished(Result)
    }

    private let settings: Settings
    package private(set) var trials: [Trial] = []
    private var next: (rate: Double, purpose: Purpose)

    package init(_ settings: Settings) {
        precondition(settings.least > 0, "a rate is above 0")
        precondition(settings.least <= settings.start, "the start is in the range")
        precondition(settings.start <= settings.most, "the start is in the range")
        precondition(settings.precision > 1, "bounds never meet")
        precondition(settings.trialsMax >= 2, "one trial shows no limit")
        self.settings = settings
        next = (settings.start, .probe)
    }

    /// What to do now; the same until an outcome is recorded.
    package var step: Step {
        if isDone { return .finished(result) }
        return .trial(rate: next.rate, purpose: next.purpose)
    }

    package mutating func record(_ outcome: Outcome) {
        precondition(!isDone, "a finished search takes no more trials")
        trials.append(Trial(rate: next.rate, purpose: next.purpose, outcome: outcome))
        advance()
    }

    // MARK: What the trials say

    private var isDone = false

    /// By majority: held, or not, in more trials of that rate than the opposite; nil: undecided.
    private func holds(_ rate: Double) -> Bool? {
        let here = trials.filter { $0.rate == rate }
        let held = here.count { $0.outcome == .held }
        return held * 2 == here.count ? nil : held * 2 > here.count
    }

    private var rates: [Double] { Set(trials.map(\.rate)).sorted() }

    /// The highest rate that holds below every one that does not.
    private var floor: Double? {
        let ceiling = ceiling ?? .infinity
        return rates.filter { $0 < ceiling && holds($0) == true }.max()
    }

    /// The lowest rate that does not hold.
    private var ceiling: Double? { rates.filter { holds($0) == false }.min() }

    private mutating func advance() {
        let last = trials[trials.count - 1]
        if trials.count == settings.trialsMax { return isDone = true }
        if holds(last.rate) == nil { return plan(last.rate, .confirm) }
        if let floor, !isConfirmed(floor), trials.count + 1 == settings.trialsMax {
            return plan(floor, .confirm)
        }
        guard let ceiling else {
            return last.rate >= settings.most
                ? confirmOrEnd() : plan(min(last.rate * 2, settings.most), .probe)
        }
        // A bound that one trial found while probing is doubted once.
        let count = trials.count { $0.rate == ceiling }
        if last.purpose == .probe, count == 1, floor != nil { return plan(ceiling, .doubt) }
        guard let floor else {
            return ceiling <= settings.least
                ? isDone = true : plan(max(ceiling / 2, settings.least), .probe)
        }
        if ceiling / floor > settings.precision {
            return plan(rounded((floor * ceiling).squareRoot(), floor, ceiling), .bisect)
        }
        confirmOrEnd()
    }

    private mutating func confirmOrEnd() {
        guard let floor, !isConfirmed(floor) else { return isDone = true }
        plan(floor, .confirm)
    }

    private func isConfirmed(_ rate: Double) -> Bool {
        trials.count { $0.rate == rate && $0.outcome == .held } >= 2
    }

    private mutating func plan(_ rate: Double, _ purpose: Purpose) { next = (rate, purpose) }

    /// Whole numbers read better, where they still lie between the bounds.
    private func rounded(_ rate: Double, _ low: Double, _ high: Double) -> Double {
        let whole = rate.rounded()
        return whole > low && whole < high ? whole : rate
    }

    private var result: Result {
        let floor = floor
        let bound = ceiling.flatMap { ceiling in trials.last { $0.rate == ceiling } }
        let limit: Limit =
            switch bound?.outcome {
            case nil: .range
            case .saturated?: .generator
            case .failed?, .held?: .objectives
            }
        return Result(
            rate: floor, failing: ceiling, isConfirmed: floor.map(isConfirmed) ?? false,
            isAtLeast: limit != .objectives && floor != nil,
            limit: limit)
    }
}
