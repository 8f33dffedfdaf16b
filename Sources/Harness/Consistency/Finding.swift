// What a checker says of a history.

package struct ConsistencyFinding: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        case holds
        case broken
        /// Nobody can tell: there is nothing to judge, or the bound was reached first.
        case unknown
    }

    package var verdict: Verdict
    /// One sentence with the figures.
    package var summary: String
    /// What shows it: an anomaly each, as lines of text.
    package var evidence: [[String]]

    package init(_ verdict: Verdict, _ summary: String, evidence: [[String]] = []) {
        self.verdict = verdict
        self.summary = summary
        self.evidence = evidence
    }
}

extension RecordedCall {
    /// `line 12  process 3  write 4  ok`
    var text: String {
        let object = key.map { " of \($0)" } ?? ""
        let value = answer.isNull ? argument : answer
        return
            "line \(line)  process \(process)  \(function)\(object) \(value)  \(outcome.rawValue)"
    }
}
