// The words in which all reports say the same thing.

import Checkers
import History

extension FaultRecovery.Finding {
    /// As `1.25s`, or why there is no such figure.
    var text: String {
        switch self {
        case .recovered(let nanoseconds): Quantity.duration(nanoseconds)
        case .notRecovered: "not recovered"
        case .noData(let reason): "no data: \(reason)"
        }
    }
}

extension FaultRecord {
    var proofText: String {
        if proved == nil { return "not proven" }
        if provedHealed == nil { return "not proven to be gone" }
        let measured = proof.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        return measured.isEmpty ? "proven" : measured
    }
}

extension FaultRecovery.Trough {
    var text: String { Quantity.percent(ok, of: planned) }
}

extension LostWrite {
    /// One sentence with all that is known about the loss.
    var text: String {
        let node = acknowledgedBy.map { " by \($0)" } ?? ""
        return "\(effect.rawValue) \(key) of user \(user), acknowledged\(node) at "
            + "\(Quantity.duration(acknowledgedAt)), \(circumstance.text)"
    }
}

extension LostWrite.Circumstance {
    var text: String {
        switch self {
        case .during(let faults): "during \(faults.joined(separator: " and "))"
        case .before(let fault, let gap): "\(Quantity.duration(gap)) before \(fault)"
        case .after(let fault, let gap): "\(Quantity.duration(gap)) after \(fault)"
        case .undisturbed: "without any fault"
        }
    }
}

extension DuplicateEffect {
    var text: String { "order \(key) took effect \(effects) times" }
}

extension Judgement.Status {
    var text: String {
        switch self {
        case .held: "held"
        case .failed: "FAILED"
        case .noData: "no data"
        case .unknown: "unknown"
        }
    }
}
