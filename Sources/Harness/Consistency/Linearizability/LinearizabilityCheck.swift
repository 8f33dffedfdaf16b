// Judges a history of one object, or of many that are told apart by a key. A history of independent
// objects is linearizable when that of each is (the locality of linearizability), so that each is
// searched alone.

package enum LinearizabilityCheck {
    /// Histories of one key that are shown when they are broken.
    private static let shown = 5

    package static func register(
        _ calls: [RecordedCall], _ budget: inout SearchBudget
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        try judge(calls, RegisterModel.init, &budget)
    }

    package static func keyValue(
        _ calls: [RecordedCall], _ budget: inout SearchBudget
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        try judge(calls, KeyValueModel.init, &budget)
    }

    private static func judge<Model: SequentialModel>(
        _ calls: [RecordedCall], _ model: () -> Model, _ budget: inout SearchBudget
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        guard calls.contains(where: { $0.outcome == .ok }) else {
            return ConsistencyFinding(.unknown, "no call of the history was answered")
        }
        var broken: [[String]] = []
        var unknown = 0
        let objects = Self.objects(calls)
        for object in objects {
            var judge = ObjectJudge(model(), object)
            switch try judge.verdict(&budget) {
            case .holds: break
            case .broken(let evidence): broken.append(evidence)
            case .unknown: unknown += 1
            }
        }
        let size = "\(calls.count) calls, \(objects.count) \(objects.count == 1 ? "key" : "keys")"
        if !broken.isEmpty {
            return ConsistencyFinding(
                .broken, "not linearizable: \(broken.count) of \(size)",
                evidence: Array(broken.prefix(shown)))
        }
        if unknown > 0 {
            return ConsistencyFinding(
                .unknown, "the bound was reached with \(unknown) keys undecided; \(size)")
        }
        return ConsistencyFinding(.holds, "linearizable: \(size)")
    }

    /// The calls of each key, in the order in which the keys are first named.
    private static func objects(_ calls: [RecordedCall]) -> [[RecordedCall]] {
        var places: [RecordedValue?: Int] = [:]
        var objects: [[RecordedCall]] = []
        for call in calls {
            let place = places[call.key, default: objects.count]
            if place == objects.count {
                places[call.key] = place
                objects.append([])
            }
            objects[place].append(call)
        }
        return objects
    }
}

/// One object's history.
private struct ObjectJudge<Model: SequentialModel> {
    enum Verdict {
        case holds
        case broken([String])
        case unknown
    }

    /// Calls shown before the one that cannot be explained.
    private static var context: Int { 12 }

    private var model: Model
    private let calls: [RecordedCall]

    init(_ model: Model, _ calls: [RecordedCall]) {
        self.model = model
        self.calls = calls
    }

    mutating func verdict(_ budget: inout SearchBudget) throws(RecordedHistoryError) -> Verdict {
        var intervals: [LinearizabilitySearch<Model>.Interval] = []
        var sources: [RecordedCall] = []
        for call in calls where call.outcome != .fail {
            guard let step = try model.step(of: call) else { continue }
            intervals.append(
                .init(
                    step: step, invoked: call.invoked,
                    answered: call.outcome == .ok ? call.completed : nil))
            sources.append(call)
        }
        var search = LinearizabilitySearch(model, intervals)
        switch search.run(&budget) {
        case .linearizable: return .holds
        case .unknown: return .unknown
        case .blocked(let interval, let states):
            return .broken(evidence(sources, interval, states))
        }
    }

    /// The calls that overlap the one that has no place, and the last ones before it.
    private func evidence(
        _ sources: [RecordedCall], _ blocked: Int, _ states: [Model.State]
    ) -> [String] {
        let call = sources[blocked]
        let end = call.completed ?? .max
        let held = states.map(model.text).sorted().joined(separator: " or ")
        var lines = ["no order of the calls explains this one; before it the value was \(held):"]
        let window = sources.filter { $0.invoked < end && $0 != call }
        let open = window.filter { ($0.completed ?? .max) > call.invoked }
        let before = window.filter { ($0.completed ?? .max) <= call.invoked }
            .suffix(max(3, Self.context - open.count))
        for neighbour in (before + open).sorted(by: { $0.invoked < $1.invoked }) {
            let when = (neighbour.completed ?? .max) > call.invoked ? "beside" : "before"
            lines.append("  \(when)  \(neighbour.text)")
        }
        lines.append("  HERE    \(call.text)")
        return lines
    }
}
