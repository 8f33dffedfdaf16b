// From an incident's file back to a plan, and the drift of a replay from its recording.

import Experiment
import Linux
import Testing

@testable import Conductor

struct DriftTests {
    private func event(
        _ step: String, _ injected: Duration, _ healed: Duration?, _ nodes: [String]
    ) -> RecordedEvent {
        RecordedEvent(step: step, injected: injected, healed: healed, nodes: nodes)
    }

    /// Written to a file and read again, as `faultline replay` does.
    private func reread(
        _ plan: ExperimentPlan, _ events: [RecordedEvent]
    ) async throws -> Incident {
        try await withFolder { folder in
            let incident = Incident(
                experiment: plan, recorded: "2026-11-24T10:00:00.000000Z", seed: 99,
                arrivals: "abc", events: events)
            try File.save(Array(incident.yaml.utf8), to: "\(folder)/incident.yaml")
            return try ExperimentLoader.incident(path: "\(folder)/incident.yaml")
        }
    }

    @Test func `a replay fires when the recording fired, with the recording's seed`()
        async throws
    {
        let plan = try SamplePlan.load()
        let step = try #require(plan.method.first)
        let injected = step.at + .microseconds(1500)
        let healed = step.end + .milliseconds(3)
        let incident = try await reread(plan, [event(step.id, injected, healed, ["store-1-2"])])
        let replay = incident.replayPlan
        #expect(replay.seed == 99)
        #expect(replay.method[0].at == injected)
        #expect(replay.method[0].end == healed)
        #expect(replay.method[0].target == step.target)
        #expect(replay.objectives == incident.experiment.objectives)
    }

    @Test(arguments: [-200, -3, 0, 3, 200, 60_000])
    func `a replay is as long as the run, or its arrivals would be others`(
        milliseconds: Int
    ) async throws {
        let plan = try SamplePlan.load()
        let step = try #require(plan.method.first)
        let healed = step.end + .milliseconds(milliseconds)
        let incident = try await reread(plan, [event(step.id, step.at, healed, ["store-1-2"])])
        let replay = incident.replayPlan
        #expect(replay.method[0].end == healed)
        #expect(replay.phases.recovery >= .zero && replay.phases.tail >= .zero)
        let rest = plan.phases.recovery + plan.phases.tail
        if healed - step.end <= rest {
            #expect(PhaseClock(replay).end == PhaseClock(plan).end)
        } else {
            #expect(replay.phases.recovery == .zero && replay.phases.tail == .zero)
        }
    }

    @Test func `a step that never fired keeps its planned time`() async throws {
        let plan = try SamplePlan.load()
        let incident = try await reread(plan, [])
        #expect(incident.replayPlan.method.map(\.at) == plan.method.map(\.at))
        #expect(incident.replayPlan.length == plan.length)
    }

    @Test func `drift is told event by event, with its sign`() {
        let drift = Drift(
            recorded: [
                event("1", .seconds(2), .seconds(8), ["store-1-2"]),
                event("2", .seconds(3), nil, ["cache-1"]),
                event("3", .seconds(4), .seconds(5), ["app-1"]),
            ],
            replayed: [
                event("1", .seconds(2) + .microseconds(40), .seconds(8), ["store-1-3"]),
                event("2", .seconds(3) + .microseconds(-1005), nil, ["cache-1"]),
            ], sameArrivals: true)
        #expect(drift.lines.map(\.injected) == [.microseconds(40), .microseconds(-1005)])
        #expect(drift.lines.map(\.healed) == [.zero, nil])
        #expect(drift.missing == ["3"])
        #expect(
            drift.text == """
                drift from the recording:
                  step 1: injected +0.040ms, healed +0.000ms, on store-1-3 instead of store-1-2
                  step 2: injected -1.005ms, on the same cache-1
                  step 3: did not happen
                  arrivals: the same

                """)
    }

    @Test func `other arrivals and many targets are said in short`() {
        let links = ["a", "b", "c"].map { DirectedLink(from: $0, to: "d") }
        let before = RecordedEvent(
            step: "1", injected: .zero, healed: nil, nodes: [], links: links)
        let after = RecordedEvent(
            step: "1", injected: .zero, healed: nil, nodes: [], links: Array(links.reversed()))
        let text = Drift(recorded: [before], replayed: [after], sameArrivals: false).text
        #expect(text.contains("on c -> d and 2 more instead of a -> d and 2 more"))
        #expect(text.contains("arrivals: others than recorded"))
    }
}
