// What became of one objective.

package import Experiment

package struct Judgement: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        case held
        case failed
        /// There was nothing to measure: never a pass.
        case noData = "no-data"
        /// There was something, and it does not settle the question.
        case unknown
    }

    package var objective: Objective
    package var status: Status
    /// What was measured, or why nothing could be.
    package var measured: String
    /// The measured value in the unit of the objective: a share of one, seconds, or a count.
    package var value: Double?

    package init(
        _ objective: Objective, _ status: Status, measured: String, value: Double? = nil
    ) {
        self.objective = objective
        self.status = status
        self.measured = measured
        self.value = value
    }

    /// The sentence that a verdict gives when this is not held.
    package var reason: String { "\(objective.text): \(measured)" }

    package var validity: Validity {
        switch status {
        case .held: .valid
        case .failed: .invalid
        case .noData, .unknown: .unknown
        }
    }
}
