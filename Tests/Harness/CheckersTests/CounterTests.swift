// Numbers of nodes read at the bounds of phases, and the judging of how far they rose between them.

import Experiment
import Testing

@testable import Checkers

struct CounterTests {
    private static let reads = Objective.Counter(tier: "store", field: "reads")

    /// Two nodes, at the start and at the end of the fault (6 s and 10 s).
    private func scenario(_ first: (Int64?, Int64?), _ second: (Int64?, Int64?)) -> Scenario {
        var scenario = Scenario()
        for (node, values) in [("store-1-1", first), ("store-1-2", second)] {
            for (bound, value) in [(6, values.0), (10, values.1)] {
                scenario.run.counters.append(
                    CounterReading(
                        Self.reads, node: node, bound: Int64(bound) * Scenario.second, value: value)
                )
            }
        }
        return scenario
    }

    @Test func `what all nodes counted within the phase is held to the limit`() throws {
        let scenario = scenario((100, 130), (7, 27))
        #expect(try scenario.status("counter store.reads <= 50 in fault") == .held)
        #expect(try scenario.status("counter store.reads < 50 in fault") == .failed)
        #expect(try scenario.status("counter store.reads == 50 in fault") == .held)
    }

    @Test func `a number that nobody read, or that was forgotten, is no pass`() throws {
        let good = scenario((0, 0), (0, 0))
        #expect(try good.status("counter store.reads == 0 in fault") == .held)
        #expect(try good.status("counter store.reads == 0 in tail") == .noData)
        #expect(try good.status("counter store.writes == 0 in fault") == .noData)
        #expect(try Scenario().status("counter store.reads < 9 in fault") == .noData)
        let away = scenario((5, nil), (7, 7))
        #expect(try away.status("counter store.reads < 9 in fault") == .noData)
        let restarted = scenario((5, 0), (7, 7))
        #expect(try restarted.status("counter store.reads < 9 in fault") == .noData)
    }
}
