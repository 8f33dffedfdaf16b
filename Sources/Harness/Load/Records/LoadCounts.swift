// How many requests stand where. Every request that the plan has brought so far is in exactly one
// place, and `accounted` says so; a generator that loses sight of one must not be believed.

import History

package struct LoadCounts: Equatable, Sendable {
    /// Requests whose intended time has come.
    package var planned = 0
    /// Handed to a connection or to the queue for one.
    package var started = 0
    /// Of those over: something of the request, or of its sign-in, left this process.
    package var sent = 0
    package var ok = 0
    /// By reason; certainly without effect.
    package var failed: [String: Int] = [:]
    /// By reason; with or without effect.
    package var unknown: [String: Int] = [:]
    /// No connection was free before its time was up.
    package var shed = 0
    /// The generator itself came too late for it.
    package var neverSent = 0
    package var inFlight = 0
    /// Answers by status, other than 2xx.
    package var statuses: [Int: Int] = [:]

    package init() {}

    package var failedTotal: Int { failed.values.reduce(0, +) }
    package var unknownTotal: Int { unknown.values.reduce(0, +) }
    /// Failed or unknown because time ran out.
    package var timedOut: Int {
        let word = Operation.Reason.timeout.rawValue
        return (failed[word] ?? 0) + (unknown[word] ?? 0)
    }

    /// Whether the places sum up to what was planned.
    package var accounted: Bool {
        planned == ok + failedTotal + unknownTotal + shed + neverSent + inFlight
    }

    mutating func end(_ conclusion: Conclusion) {
        switch conclusion.outcome {
        case .ok: ok += 1
        case .failed(let reason): failed[reason.rawValue, default: 0] += 1
        case .unknown(let reason): unknown[reason.rawValue, default: 0] += 1
        case .shed: shed += 1
        case .neverSent: neverSent += 1
        }
        if conclusion.status != 0, !(200..<300).contains(conclusion.status) {
            statuses[conclusion.status, default: 0] += 1
        }
    }
}
