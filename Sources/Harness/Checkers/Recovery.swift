// How long the system was not itself after a fault. Counted from a moment (the injection, or the
// heal), the system is back at the first of N consecutive good windows. Two traps lie in that
// sentence, and both would let an outage pass:
//
// 1. The system may stay good for a while before it breaks, as when a timeout has to expire first.
//    The first N good windows would then say "0" and hide what follows. So the search goes on to the
//    next fault, or to the end: a later outage counts with its own length, and the figure is the
//    longest of all.
// 2. The data may end while the system is still bad. That is "not recovered", never a number.
//
// The last windows of the data are a case of their own: a system that was back and answers slowly there,
// without failing, has no time left to show that it is back again. On a shared host that is a hiccup of
// the host more often than not, so it is no new outage; failures in the same place are one.
//
// A window without planned operations says nothing: it neither counts as good nor breaks a run of
// good ones. A single bad window is an outage, so a short blip costs its own length and no more.

import Experiment

/// How one fault went for the system's users.
package struct FaultRecovery: Hashable, Sendable {
    package enum Finding: Hashable, Sendable {
        /// Nanoseconds; 0: the system was never bad.
        case recovered(Int64)
        /// The data ends before the system was shown to be back.
        case notRecovered
        /// There is nothing to tell from: no baseline, no operations, or no such moment.
        case noData(String)
    }

    package var fromInjection: Finding
    package var fromHeal: Finding
    /// Operations of the worst window that ended well, and those planned; nil: no operations.
    package var trough: Trough?
    /// Worst p99 of a window, in nanoseconds.
    package var latencyPeak: Int64?
    /// Operations that did not end well, up to the next fault or the end of the load.
    package var operationsLost: Int

    package struct Trough: Hashable, Sendable {
        package var ok: Int
        package var planned: Int
    }
}

/// Finds recoveries in a run's windows.
struct RecoveryMeasure {
    /// Slow: nothing failed beyond the allowance, but the p99 is above its limit.
    private enum State { case good, slow, bad, silent }

    private let series: WindowSeries
    private let states: [State]
    private let runLength: Int

    init(_ series: WindowSeries, criterion: RecoveryCriterion, baselineP99: Int64) {
        precondition(criterion.windows > 0, "recovery needs at least one good window")
        let latencyMax = criterion.latencyMax(baselineP99: .nanoseconds(baselineP99))
        self.series = series
        self.runLength = criterion.windows
        self.states = series.windows.map { window in
            if window.count.planned == 0 { return .silent }
            let isAvailable =
                window.count.ok > 0
                && criterion.availability.isMet(
                    .greaterOrEqual, part: window.count.ok, whole: window.count.planned)
            guard isAvailable, let p99 = window.p99 else { return .bad }
            return .nanoseconds(p99) <= latencyMax ? .good : .slow
        }
    }

    /// Recovery counted from `moment`; outages that begin at `horizon` or later are another's.
    func recovery(from moment: Int64, horizon: Int64) -> FaultRecovery.Finding {
        var search = Search(since: moment, runLength: runLength)
        let last = series.index(of: horizon)
        for index in series.index(of: moment)..<states.count {
            if search.isUp, index >= last { break }
            let start = series.windows[index].start
            switch states[index] {
            case .good: search.good(at: start)
            case .slow where search.isUp && states.count - index <= runLength: break
            case .slow, .bad: search.bad(at: start)
            case .silent: break
            }
        }
        return search.finding
    }

    /// The lowest availability, the highest p99 and the losses between two moments.
    func damage(from start: Int64, to end: Int64) -> (
        trough: FaultRecovery.Trough?, latencyPeak: Int64?, operationsLost: Int
    ) {
        let first = series.index(of: start)
        // The last window is the one that the end cuts, or that ends with it.
        let last = min(series.windows.count, Int((max(end, 0) - 1) / series.width) + 1)
        guard first < last else { return (nil, nil, 0) }
        let windows = series.windows[first..<last].filter { $0.count.planned > 0 }
        let worst = windows.min { left, right in
            left.count.ok * right.count.planned < right.count.ok * left.count.planned
        }
        return (
            worst.map { FaultRecovery.Trough(ok: $0.count.ok, planned: $0.count.planned) },
            windows.compactMap(\.p99).max(),
            windows.reduce(0) { $0 + $1.count.notOK }
        )
    }

    /// One pass over the windows: waits for a run of good ones, then for the next bad one.
    private struct Search {
        /// Since when the present outage counts; nil: the system is back.
        private var since: Int64?
        private let runLength: Int
        private var goodRun = 0
        private var goodSince: Int64 = 0
        private var sawBad = false
        private var longest: Int64 = 0

        init(since: Int64, runLength: Int) {
            self.since = since
            self.runLength = runLength
        }

        var isUp: Bool { since == nil }

        mutating func good(at start: Int64) {
            guard let outageStart = since else { return }
            if goodRun == 0 { goodSince = start }
            goodRun += 1
            guard goodRun == runLength else { return }
            if sawBad { longest = max(longest, goodSince - outageStart) }
            since = nil
        }

        mutating func bad(at start: Int64) {
            if since == nil {
                since = start
                sawBad = false
            }
            goodRun = 0
            sawBad = true
        }

        var finding: FaultRecovery.Finding {
            if isUp { return .recovered(longest) }
            return sawBad
                ? .notRecovered : .noData("the load ends before \(runLength) windows have passed")
        }
    }
}
