// Judges objectives by a run's record. Each kind of claim has one function below, and each of them
// first asks whether there is anything to judge by: no samples, no such phase or no such fault end in
// `noData`, never in a pass.

package import Experiment
import History

/// What a verdict depends on besides the record.
package struct JudgeSettings: Hashable, Sendable {
    package var recovery = RecoveryCriterion()
    package var dispatch = DispatchBounds()
    /// Latency of operations that were never asked, in nanoseconds: the request timeout.
    package var unanswered: Int64 = 2_000_000_000

    package init() {}
}

/// Judges the objectives of one run.
struct Judge {
    let run: RunRecord
    let settings: JudgeSettings
    /// By the order of the run's faults.
    let recoveries: [FaultRecovery]
    /// Nil: nothing was read back.
    let data: DataFindings?

    func judge(_ objective: Objective) -> Judgement {
        switch objective.claim {
        case .availability(let comparison, let limit):
            share(objective, comparison, limit) { $0.ok }
        case .errorRate(let comparison, let limit):
            share(objective, comparison, limit) { $0.notOK }
        case .staleShare(let comparison, let limit):
            staleShare(objective, comparison, limit)
        case .latency(let percentile, let comparison, let limit):
            latency(objective, percentile, comparison, limit)
        case .rate(let comparison, let limit):
            rate(objective, comparison, limit)
        case .recovery(let comparison, let limit, let scope):
            recovery(objective, comparison, limit, scope)
        case .count(let anomaly, let comparison, let limit):
            count(objective, anomaly, comparison, limit)
        case .counter(let counter, let comparison, let limit):
            self.counter(objective, counter, comparison, limit)
        case .leaderChanges(let comparison, let limit):
            leaderChanges(objective, comparison, limit)
        }
    }

    private func share(
        _ objective: Objective, _ comparison: Comparison, _ limit: Ratio,
        part: (OutcomeCount) -> Int
    ) -> Judgement {
        guard let operations = run.operations(in: objective.slice), !operations.isEmpty else {
            return noOperations(objective)
        }
        let count = OutcomeCount(operations)
        let part = part(count)
        return Judgement(
            objective,
            limit.isMet(comparison, part: part, whole: count.planned) ? .held : .failed,
            measured: Quantity.share(part, of: count.planned),
            value: Double(part) / Double(count.planned))
    }

    private func staleShare(
        _ objective: Objective, _ comparison: Comparison, _ limit: Ratio
    ) -> Judgement {
        guard let operations = run.operations(in: objective.slice), !operations.isEmpty else {
            return noOperations(objective)
        }
        let stale = operations.count { $0.outcome == .ok && $0.cache == .stale }
        return Judgement(
            objective,
            limit.isMet(comparison, part: stale, whole: operations.count) ? .held : .failed,
            measured: Quantity.share(stale, of: operations.count),
            value: Double(stale) / Double(operations.count))
    }

    private func latency(
        _ objective: Objective, _ percentile: Objective.Percentile, _ comparison: Comparison,
        _ limit: Objective.LatencyLimit
    ) -> Judgement {
        guard let measured = latency(percentile, in: objective.slice) else {
            return noOperations(objective)
        }
        let holds: Bool
        var text = Quantity.duration(measured)
        switch limit {
        case .duration(let duration):
            holds = comparison.holds(.nanoseconds(measured), duration)
        case .multiple(let thousandths, let phase):
            let slice = Objective.Slice(phase: phase, journey: objective.slice.journey)
            guard let reference = latency(percentile, in: slice), reference > 0 else {
                return Judgement(
                    objective, .noData, measured: "no answers in \(phase.rawValue) to compare with")
            }
            holds = comparison.holds(
                Int128(measured) * 1000, Int128(reference) * Int128(thousandths))
            let factor = Quantity.fraction(measured * 100 / reference, places: 2)
            text += " (\(factor)x \(Quantity.duration(reference)))"
        }
        return Judgement(
            objective, holds ? .held : .failed, measured: text, value: Double(measured) / 1e9)
    }

    private func latency(
        _ percentile: Objective.Percentile, in slice: Objective.Slice
    ) -> Int64? {
        run.operations(in: slice).flatMap { operations in
            LatencySample(operations, unanswered: settings.unanswered).percentile(percentile)
        }
    }

    private func rate(
        _ objective: Objective, _ comparison: Comparison, _ limit: Objective.RateLimit
    ) -> Judgement {
        guard let interval = run.interval(of: objective.slice),
            let planned = run.operations(in: objective.slice)?.count, planned > 0
        else { return noOperations(objective) }
        let journey = objective.slice.journey
        let good = run.operations.count { operation in
            operation.outcome == .ok && interval.contains(operation.completed ?? -1)
                && (journey == nil || journey == operation.journey)
        }
        let length = Int64(interval.count)
        let perSecond = Double(good) * 1e9 / Double(length)
        let holds =
            switch limit {
            case .shareOfPlanned(let ratio):
                ratio.isMet(comparison, part: good, whole: planned)
            case .perSecond(let thousandths):
                comparison.holds(
                    Int128(good) * 1_000_000_000_000, Int128(thousandths) * Int128(length))
            }
        let tenths = Quantity.fraction(Int64(perSecond * 10), places: 1)
        return Judgement(
            objective, holds ? .held : .failed,
            measured: "\(tenths)/s, \(Quantity.percent(good, of: planned)) of planned",
            value: perSecond)
    }

    private func noOperations(_ objective: Objective) -> Judgement {
        let place = objective.slice.phase.map { " in \($0.rawValue)" } ?? ""
        let which = objective.slice.journey.map { " of journey \($0)" } ?? ""
        return Judgement(objective, .noData, measured: "no operations\(which)\(place)")
    }
}

extension Judge {
    private func recovery(
        _ objective: Objective, _ comparison: Comparison, _ limit: Duration,
        _ scope: Objective.RecoveryScope
    ) -> Judgement {
        var longest: (nanoseconds: Int64, fault: String)?
        var holds = true
        for (fault, recovery) in zip(run.faults, recoveries)
        where scope.fault == nil || scope.fault == fault.fault {
            switch scope.origin == .heal ? recovery.fromHeal : recovery.fromInjection {
            case .recovered(let nanoseconds):
                holds = holds && comparison.holds(.nanoseconds(nanoseconds), limit)
                if nanoseconds >= longest?.nanoseconds ?? 0 { longest = (nanoseconds, fault.title) }
            case .notRecovered:
                return Judgement(
                    objective, .failed, measured: "not recovered from \(fault.title)")
            case .noData(let reason):
                return Judgement(objective, .noData, measured: "\(fault.title): \(reason)")
            }
        }
        guard let longest else {
            let name = scope.fault ?? "fault"
            return Judgement(objective, .noData, measured: "no \(name) was injected")
        }
        return Judgement(
            objective, holds ? .held : .failed,
            measured: "\(Quantity.duration(longest.nanoseconds)) after \(longest.fault)",
            value: Double(longest.nanoseconds) / 1e9)
    }

    private func count(
        _ objective: Objective, _ anomaly: Objective.Anomaly, _ comparison: Comparison,
        _ limit: Int
    ) -> Judgement {
        if anomaly == .lostSessions { return lostSessions(objective, comparison, limit) }
        guard let data else {
            return Judgement(objective, .noData, measured: "nothing was read back")
        }
        let found: Int
        let open: Int
        let checked: String
        var aside = ""
        switch anomaly {
        case .lostWrites:
            guard data.acknowledged > 0 else {
                return Judgement(objective, .noData, measured: "no write was acknowledged")
            }
            (found, open) = (data.lost.count, data.unverified.count)
            checked = "lost of \(data.acknowledged) acknowledged"
            if !data.setAside.isEmpty { aside = ", \(data.setAside.count) set aside" }
        case .duplicateEffects:
            guard data.orders > 0 else {
                return Judgement(objective, .noData, measured: "no order was made")
            }
            (found, open) = (data.duplicates.count, data.uncounted.count)
            checked = "doubled of \(data.orders) orders"
        case .deadLetters:
            guard data.orders > 0 else {
                return Judgement(objective, .noData, measured: "no order was made")
            }
            (found, open) = (data.setAside.count, data.uncounted.count)
            checked = "set aside of \(data.orders) orders"
        case .lostSessions: preconditionFailure("sessions are counted by the history alone")
        }
        var text = "\(found) \(checked)\(aside)"
        if open > 0 {
            text += ", \(open) not readable"
            text += data.unreadableReason.map { " (\($0))" } ?? ""
        }
        return Judgement(
            objective, Judge.status(comparison, limit, least: found, most: found + open),
            measured: text, value: Double(found))
    }

    /// Nothing needs reading back for these: the answers themselves told.
    private func lostSessions(
        _ objective: Objective, _ comparison: Comparison, _ limit: Int
    ) -> Judgement {
        let lost = run.operations.count { $0.lostSession }
        let honoured = run.operations.count { $0.outcome == .ok && !$0.lostSession }
        guard lost + honoured > 0 else {
            return Judgement(objective, .noData, measured: "no session was used")
        }
        return Judgement(
            objective, comparison.holds(lost, limit) ? .held : .failed,
            measured: "\(lost) lost of \(lost + honoured) uses of a session",
            value: Double(lost))
    }

    /// Judges a count of which only the bounds are known: settled only if all between them agree.
    static func status(
        _ comparison: Comparison, _ limit: Int, least: Int, most: Int
    ) -> Judgement.Status {
        // A comparison changes its answer nowhere but around the limit.
        let places = [least, most] + [limit - 1, limit, limit + 1].filter { (least...most) ~= $0 }
        let answers = Set(places.map { comparison.holds($0, limit) })
        guard answers.count == 1 else { return .unknown }
        return answers.contains(true) ? .held : .failed
    }
}
