// A run made by hand, in which everything is good until a test breaks it: one operation every 10 ms,
// 5 ms each, through all phases, with one fault that is proven, healed and proven healed.

import Checkers
import Experiment
import History

struct Scenario {
    static let second: Int64 = 1_000_000_000
    static let millisecond: Int64 = 1_000_000

    var run: RunRecord
    var settings = JudgeSettings()

    /// Warm-up 0...1 s, baseline 1...6 s, fault 6...10 s, recovery 10...12 s, tail 12...17 s; the
    /// fault acts from 6 s to 10 s.
    init() {
        settings.recovery.window = .milliseconds(250)
        settings.recovery.windows = 4
        let second = Scenario.second
        run = RunRecord(
            operations: (0..<1700).map(Scenario.operation), planned: 1700,
            phases: [
                PhaseSpan(.warmup, from: 0, to: second),
                PhaseSpan(.baseline, from: second, to: 6 * second),
                PhaseSpan(.fault, from: 6 * second, to: 10 * second),
                PhaseSpan(.recovery, from: 10 * second, to: 12 * second),
                PhaseSpan(.tail, from: 12 * second, to: 17 * second),
            ],
            faults: [], faultSteps: ["method[0]"])
        run.faults = Scenario.fault("method[0]", from: 6 * second, to: 10 * second)
    }

    static func fault(_ step: String, from start: Int64, to end: Int64) -> [FaultRecord] {
        FaultRecord.records(of: [
            TimelineEvent(
                .inject, step: step, actual: start, fault: "kill", target: "store.shard-1.leader",
                nodes: ["store-1-2"]),
            TimelineEvent(.proved, step: step, actual: start + 1),
            TimelineEvent(.heal, step: step, actual: end),
            TimelineEvent(.provedHealed, step: step, actual: end + 1),
        ])
    }

    private static func operation(_ index: Int) -> Operation {
        let intended = Int64(index) * 10 * millisecond
        var operation = Operation(
            index: index, journey: index % 2 == 0 ? "browse" : "post",
            request: .init(method: "GET", target: "/"), user: index, intended: intended)
        operation.started = intended
        operation.completed = intended + 5 * millisecond
        operation.outcome = .ok
        operation.status = 200
        return operation
    }

    /// Changes the operations that are intended between two moments, in milliseconds.
    mutating func change(
        from start: Int64, to end: Int64, _ body: (inout Operation) -> Void
    ) {
        let interval = start * Scenario.millisecond..<end * Scenario.millisecond
        for index in run.operations.indices
        where interval.contains(run.operations[index].intended) {
            body(&run.operations[index])
        }
    }

    /// A total outage between two moments, in milliseconds.
    mutating func fail(from start: Int64, to end: Int64) {
        change(from: start, to: end) { $0.outcome = .failed(.rejected) }
    }

    /// Makes one operation an acknowledged write.
    mutating func write(_ index: Int, _ effect: Operation.Effect, key: String) {
        run.operations[index].effect = effect
        run.operations[index].key = key
        run.operations[index].acknowledgedBy = "store-1-2"
    }

    func verdict(_ objectives: String...) throws -> Verdict {
        let parsed = try objectives.map { try Objective.parse($0) }
        return Verdict(of: run, objectives: parsed, settings: settings)
    }

    /// The status of one objective, whatever else is wrong with the run.
    func status(_ objective: String) throws -> Judgement.Status? {
        try verdict(objective).judgements.first?.status
    }
}
