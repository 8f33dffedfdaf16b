// The order of a method: each step proven both ways, an abort unwound last in, first out, and no
// failure that stays without consequence.

import Experiment
import History
import Linux
import Reactor
import Testing

@testable import Conductor

@Suite(.timeLimit(.minutes(1)))
@ReactorActor
struct MethodRunnerTests {
    /// Runs a method to its end; `meanwhile` runs beside it.
    private func run(
        _ method: [MethodStep], _ script: Script, since start: MonotonicTime = .now(),
        meanwhile: (MethodRunner, AbortSwitch) async throws -> Void = { _, _ in }
    ) async throws -> (runner: MethodRunner, events: [TimelineEvent]) {
        let plan = try SamplePlan.load(method)
        return try await withFolder { folder in
            let log = try EventLog(path: "\(folder)/timeline.jsonl", epoch: .now()) { _ in }
            let aborted = AbortSwitch()
            let runner = MethodRunner(
                plan, factory: script, log: log, start: start, aborted: aborted)
            let running = Task { @ReactorActor in await runner.run() }
            try await meanwhile(runner, aborted)
            await running.value
            return (runner, log.events)
        }
    }

    private func reaches(_ condition: () -> Bool) async -> Bool {
        let deadline = MonotonicTime.now() + .seconds(20)
        while !condition() {
            if MonotonicTime.now() > deadline { return false }
            await Reactor.sleep(for: .milliseconds(1))
        }
        return true
    }

    @Test func `a step is injected, proven, healed and proven healed`() async throws {
        let script = Script()
        let (runner, events) = try await run(
            [SamplePlan.step("1", lasting: .milliseconds(5))], script)
        #expect(
            script.lines == [
                "resolve 1", "prepare 1", "inject 1", "prove 1", "stand 1", "heal 1",
                "prove-healed 1",
            ])
        #expect(events.map(\.kind) == [.inject, .proved, .heal, .provedHealed])
        #expect(runner.problems == [])
        #expect(runner.recorded.map(\.step) == ["1"])
        let heal = events[2]
        #expect(heal.actual >= (try #require(heal.planned)))
        #expect(runner.standing.isEmpty)
    }

    @Test func `what happens at once is recorded without an end`() async throws {
        let script = Script()
        let (runner, _) = try await run(
            [SamplePlan.step("1", lasting: .zero, .cacheFlush)], script)
        #expect(runner.recorded.map(\.healed) == [nil])
        #expect(script.lines(of: "heal", "prove-healed") == ["heal 1", "prove-healed 1"])
    }

    @Test func `an abort heals what stands, last in, first out, one after the other`()
        async throws
    {
        let script = Script()
        let steps = (1...4).map { SamplePlan.step("\($0)", at: .milliseconds(3 * $0)) }
        let (runner, _) = try await run(steps, script) { runner, aborted in
            try #require(await reaches { script.lines(of: "prove").count == 4 })
            #expect(runner.endedOnPurpose == ["1", "2", "3", "4"])
            aborted.turnOn(.interrupt)
        }
        #expect(script.lines(of: "inject") == (1...4).map { "inject \($0)" })
        #expect(
            script.lines(of: "heal", "prove-healed")
                == (1...4).reversed().flatMap { ["heal \($0)", "prove-healed \($0)"] })
        #expect(runner.standing.isEmpty)
        #expect(runner.problems == [])
    }

    @Test func `after an abort no step begins`() async throws {
        let script = Script()
        let steps = [SamplePlan.step("1"), SamplePlan.step("2", at: .seconds(300))]
        let (runner, _) = try await run(steps, script) { _, aborted in
            try #require(await reaches { script.lines.contains("prove 1") })
            aborted.turnOn(.terminate)
        }
        #expect(script.lines(of: "inject", "heal") == ["inject 1", "heal 1"])
        #expect(runner.recorded.map(\.step) == ["1"])
    }

    @Test(arguments: ["resolve 1", "prepare 1"])
    func `a step that cannot be made ready is a problem and no fault`(line: String) async throws {
        let script = Script()
        script.failing = [line]
        let (runner, events) = try await run(
            [SamplePlan.step("1", lasting: .milliseconds(1))], script)
        #expect(script.lines(of: "inject", "heal") == [])
        #expect(runner.problems.count == 1)
        #expect(events.map(\.kind) == [.note])
    }

    @Test(arguments: ["inject 1", "prove 1", "stand 1", "heal 1", "prove-healed 1"])
    func `a step that fails is a problem, and is healed all the same`(line: String) async throws {
        let script = Script()
        script.failing = [line]
        let steps = ["1", "2"].map { SamplePlan.step($0, lasting: .milliseconds(5)) }
        let (runner, events) = try await run(steps, script)
        #expect(script.lines(of: "heal").sorted() == ["heal 1", "heal 2"])
        #expect(runner.problems.count == 1)
        #expect(runner.problems.first?.contains("\(line) failed") == true)
        #expect(events.count { $0.kind == .note } == 1)
        // The other step is not touched by it.
        #expect(FaultRecord.records(of: events).contains { $0.step == "2" && $0.isProven })
        #expect(
            !FaultRecord.records(of: events).contains { $0.step == "1" && $0.isProven }
                || line == "stand 1")
    }

    @Test func `a fault that was never proven is not reproached for not lasting`() async throws {
        let script = Script()
        script.failing = ["prove 1", "stand 1"]
        let (runner, _) = try await run(
            [SamplePlan.step("1", lasting: .milliseconds(5))], script)
        #expect(runner.problems.count == 1)
    }

    @Test func `a step that comes late is a problem`() async throws {
        let script = Script()
        let (runner, _) = try await run(
            [SamplePlan.step("1", lasting: .seconds(1))], script, since: .now() + .seconds(-5))
        let problems = runner.problems.map { $0.split(separator: " ").dropLast(3).last ?? "" }
        #expect(problems == ["injected", "healed"])
    }
}
