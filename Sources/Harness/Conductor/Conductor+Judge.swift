// The end of a run: read back, judge, and write everything down.

import Checkers
import Experiment
import History
import Linux
import Report
import Testbed

extension Conductor {
    func judge(
        _ stack: Stack, _ log: EventLog, _ counters: [CounterReading]
    ) async throws {
        let history = try HistoryReader.read(path: folder.history)
        if history.isTorn { verdict.degrade(to: .invalid, because: "history.jsonl is torn") }
        view.say("reading back what was acknowledged")
        let readBack = await ReadBackRunner(stack, plan, aborted: aborted)?
            .run(history.operations)
        if aborted.isOn { return }
        var run = RunRecord(
            operations: history.operations, planned: plannedCount, phases: clock.spans,
            faults: FaultRecord.records(of: log.events), faultSteps: plan.method.map(\.id),
            readBack: readBack, leaders: leaderSpans)
        run.counters = counters
        var settings = JudgeSettings()
        settings.recovery = plan.recoveryCriterion
        settings.unanswered = plan.load.timeout.nanoseconds
        var judged = Verdict(
            of: run, objectives: plan.objectives.map(\.objective), settings: settings)
        for reason in verdict.reasons.reversed() {
            judged.degrade(to: verdict.outcome, because: reason)
        }
        judged.bottleneck = Bottleneck(samples, in: run.judgedFrom..<max(run.end, run.judgedFrom))
        verdict = judged
    }

    func finish(_ recorded: [RecordedEvent]) -> RunResult {
        var facts = RunFacts(
            experiment: plan.name, seed: plan.seed, started: started.rfc3339,
            elapsed: elapsed.nanoseconds)
        facts.file = plan.source
        facts.topology = plan.topology.name
        facts.host = HostIdentity.read().facts
        facts.budgets = plan.topology.budgetFacts
        let report = RunReport(facts, verdict)
        let incident = Incident(
            experiment: plan, recorded: started.rfc3339, seed: plan.seed, arrivals: arrivals,
            events: recorded)
        let files: [(String, [UInt8])] = [
            (folder.verdict, report.verdictFile()), (folder.junit, report.junitFile()),
            (folder.summary, Array(report.markdown().utf8)),
            (folder.incident, Array(incident.yaml.utf8)),
        ]
        for (path, bytes) in files {
            do {
                try File.save(bytes, to: path)
            } catch {
                verdict.degrade(to: .harnessFailed, because: "\(error)")
            }
        }
        return RunResult(
            folder: folder, report: RunReport(facts, verdict), recorded: recorded,
            arrivals: arrivals)
    }
}

extension Topology {
    /// The budgets that nodes were held to, by tier.
    var budgetFacts: [RunFacts.Fact] {
        tiers.compactMap { tier in tier.budget.map { .init(tier.name, $0.text) } }
    }
}

extension HostIdentity {
    /// Facts that a reader of a report wants to know.
    var facts: [RunFacts.Fact] {
        [
            .init("kernel", kernel), .init("cores", "\(cores)"), .init("processor", processor),
        ]
    }
}
