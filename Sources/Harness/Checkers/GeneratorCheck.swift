// Whether the load was what the plan said. If it was not, every figure of the run describes another
// load, so the run is invalid, whatever the objectives say.
//
// Two questions. Is every planned operation accounted for, exactly once, with times in order? And was
// it dispatched on time? An operation counts as late when it went out more than `lag` after its
// intended time, or never went out. The bound is on the share of late operations, which for 1% is
// the same as a bound on the p99 of the lag. It holds over the run and, wider, in each phase: a
// generator that stalls through a two-second recovery is late for a small part of the run only, yet
// for all of what that phase is judged by. Shed operations are not late: they are the bound on
// requests in flight at work, thus the system's doing, and count against availability.

package import Experiment
import History

package struct DispatchBounds: Hashable, Sendable {
    /// Nanoseconds after the intended time from which an operation is late.
    package var lag: Int64 = 50_000_000
    /// Most late operations of the run after its warm-up.
    package var lateShareMax = Ratio(billionths: 10_000_000)
    /// Most late operations of any one phase; wider, because one scheduling hiccup of the host
    /// weighs more in a short phase.
    package var lateShareInPhaseMax = Ratio(billionths: 50_000_000)

    package init() {}
}

package struct GeneratorFindings: Hashable, Sendable {
    package var planned: Int
    /// The whole run, warm-up included.
    package var count: OutcomeCount
    /// p99 of (started - intended) after the warm-up, in nanoseconds; nil: nothing was started.
    package var lagP99: Int64?
    /// Late operations after the warm-up, and those planned there.
    package var late: Int
    package var judged: Int
    /// Why the load cannot be trusted; empty: it can.
    package var problems: [String]

    package var validity: Validity { problems.isEmpty ? .valid : .invalid }
}

extension GeneratorFindings {
    package init(_ run: RunRecord, bounds: DispatchBounds) {
        let judged = run.operations.filter { $0.intended >= run.judgedFrom }
        planned = run.planned
        count = OutcomeCount(run.operations)
        lagP99 = LatencySample(latencies: judged.compactMap(\.lag)).percentile(.p99)
        late = judged.count { $0.isLate(bounds.lag) }
        self.judged = judged.count
        problems = GeneratorFindings.accounting(run)
        if problems.isEmpty { problems = lateness(run, bounds) }
    }

    private static func accounting(_ run: RunRecord) -> [String] {
        var problems: [String] = []
        if run.planned == 0 { problems.append("the plan has no operations") }
        if run.operations.count != run.planned {
            problems.append(
                "\(run.planned) operations were planned and \(run.operations.count) recorded")
        } else if zip(run.operations, 0...).contains(where: { $0.index != $1 }) {
            problems.append("some operations are recorded twice and others not at all")
        }
        if let wrong = run.operations.first(where: { !$0.isInOrder }) {
            problems.append("operation \(wrong.index) has times out of order")
        }
        return problems
    }

    private func lateness(_ run: RunRecord, _ bounds: DispatchBounds) -> [String] {
        let bound = Quantity.duration(bounds.lag)
        if !bounds.lateShareMax.isMet(.lessOrEqual, part: late, whole: judged) {
            return ["saturated: \(Quantity.share(late, of: judged)) were sent over \(bound) late"]
        }
        return run.phases.filter { $0.phase != .warmup }.compactMap { span in
            let operations = run.operations.filter { span.contains($0.intended) }
            let late = operations.count { $0.isLate(bounds.lag) }
            if bounds.lateShareInPhaseMax.isMet(.lessOrEqual, part: late, whole: operations.count) {
                return nil
            }
            let share = Quantity.share(late, of: operations.count)
            return "saturated in \(span.phase.rawValue): \(share) were sent over \(bound) late"
        }
    }
}

extension Operation {
    /// Nanoseconds that it was dispatched after its intended time; nil: it never was.
    var lag: Int64? { started.map { $0 - intended } }

    func isLate(_ bound: Int64) -> Bool {
        switch outcome {
        case .neverSent: true
        case .shed: false
        case .ok, .failed, .unknown: (lag ?? .max) > bound
        }
    }

    /// How far, in nanoseconds, a timer may fire before its time: one tick of a coarse clock.
    private static let earlyMax: Int64 = 1_000_000

    /// Whether the recorded times can all be true.
    var isInOrder: Bool {
        if let started, started < intended - Operation.earlyMax { return false }
        if let started, let completed, completed < started { return false }
        return outcome != .ok || (started != nil && completed != nil)
    }
}
