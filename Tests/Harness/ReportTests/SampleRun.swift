// A small run that failed in every way that a report has to tell of, and one that passed.

import Checkers
import Experiment
import History
import Report

enum SampleRun {
    private static let second: Int64 = 1_000_000_000

    /// Facts with characters that every format has to escape.
    static var facts: RunFacts {
        var facts = RunFacts(
            experiment: "kill <&> \"quote\" | pipe", seed: .max,
            started: "2026-01-02T03:04:05.000000Z", elapsed: 12_345_000_000)
        facts.host = [.init("kernel", "6.18"), .init("processors", "2")]
        facts.versions = [.init("swift", "6.3.1")]
        return facts
    }

    static func passed() throws -> RunReport {
        let objectives = ["availability >= 99.9% in baseline", "recovery < 2s after each fault"]
        return RunReport(
            facts,
            Verdict(of: record(), objectives: try objectives.map { try Objective.parse($0) }))
    }

    /// One objective failed, one has no data, the fault is unproven and a write is lost.
    static func broken() throws -> RunReport {
        var run = record()
        run.faults[0].proved = nil
        run.operations[700].effect = .post
        run.operations[700].key = "p-700"
        run.operations[700].acknowledgedBy = "store-1-2"
        run.readBack = ReadBack(posts: ["p-700": .absent], isDrained: true)
        let objectives = ["lost_writes == 0", "p99{journey=post} < 250ms in tail"]
        return RunReport(
            facts, Verdict(of: run, objectives: try objectives.map { try Objective.parse($0) }))
    }

    private static func record() -> RunRecord {
        let operations = (0..<1500).map { index in
            var operation = Operation(
                index: index, journey: "browse", request: .init(method: "GET", target: "/"),
                user: index, intended: Int64(index) * second / 100)
            operation.started = operation.intended
            operation.completed = operation.intended + 5_000_000
            operation.outcome = .ok
            return operation
        }
        var run = RunRecord(
            operations: operations, planned: 1500,
            phases: [
                PhaseSpan(.baseline, from: 0, to: 6 * second),
                PhaseSpan(.fault, from: 6 * second, to: 10 * second),
                PhaseSpan(.tail, from: 10 * second, to: 15 * second),
            ],
            faults: FaultRecord.records(of: [
                TimelineEvent(
                    .inject, step: "method[0]", planned: 6 * second, actual: 6 * second,
                    took: 41_000, fault: "kill", target: "store.shard-1.leader",
                    nodes: ["store-1-2"], evidence: [.init("signal", "SIGKILL")]),
                TimelineEvent(
                    .proved, step: "method[0]", actual: 6 * second + 1,
                    evidence: [.init("status", "killed by 9")]),
                TimelineEvent(.heal, step: "method[0]", actual: 10 * second, took: 52_000),
                TimelineEvent(.provedHealed, step: "method[0]", actual: 10 * second + 1),
            ]),
            faultSteps: ["method[0]"])
        for index in 600..<610 { run.operations[index].outcome = .failed(.rejected) }
        return run
    }
}
