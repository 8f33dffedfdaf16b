// The timeline read fault by fault: when it acted, what proved it, when it was gone. Replays of the
// same step (a fault that fires twice) are told apart by their order.

/// One injection of a fault, from the events of its step.
package struct FaultRecord: Hashable, Sendable {
    package var step: String
    package var fault: String
    package var target: String
    /// The nodes or links that it fell on.
    package var nodes: [String]
    /// When the plan wanted it to act, in nanoseconds since the run's epoch.
    package var planned: Int64?
    package var injected: Int64
    /// How long the injection took, in nanoseconds.
    package var injectTook: Int64?
    /// When it was shown to act; nil: it never was.
    package var proved: Int64?
    /// When it was taken away; nil: it never was.
    package var healed: Int64?
    /// How long the heal took, in nanoseconds.
    package var healTook: Int64?
    /// When it was shown to be gone; nil: it never was.
    package var provedHealed: Int64?
    /// What the injection promised, under the names that the fault gives.
    package var promise: [TimelineEvent.Evidence]
    /// What was measured while it acted and once it was gone.
    package var proof: [TimelineEvent.Evidence]

    package var isProven: Bool { proved != nil && provedHealed != nil }

    /// True from the injection until the fault was shown to be gone, or for good.
    package func isActive(at time: Int64) -> Bool {
        time >= injected && time < (provedHealed ?? .max)
    }
}

extension FaultRecord {
    /// The faults of a timeline in the order in which they were injected.
    package static func records(of events: [TimelineEvent]) -> [FaultRecord] {
        var records: [FaultRecord] = []
        // The last injection of a step is the one that its later events are about.
        var latest: [String: Int] = [:]
        for event in events.sorted(by: { $0.actual < $1.actual }) {
            if event.kind == .inject {
                latest[event.step] = records.count
                records.append(FaultRecord(injectedBy: event))
            } else if let place = latest[event.step] {
                records[place].note(event)
            }
        }
        return records
    }

    private init(injectedBy event: TimelineEvent) {
        step = event.step
        fault = event.fault ?? event.step
        target = event.target ?? ""
        nodes = event.nodes
        planned = event.planned
        injected = event.actual
        injectTook = event.took
        promise = event.evidence
        proof = []
    }

    private mutating func note(_ event: TimelineEvent) {
        switch event.kind {
        case .proved:
            proved = proved ?? event.actual
            proof += event.evidence
        case .heal:
            healed = healed ?? event.actual
            healTook = healTook ?? event.took
        case .provedHealed:
            provedHealed = provedHealed ?? event.actual
            proof += event.evidence
        case .restart:
            proof += event.evidence
        case .phaseStart, .inject, .note, .abort:
            break
        }
    }
}
