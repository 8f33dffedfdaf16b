// Shares, percentiles and rates of phases: what counts, what counts against, and that nothing to
// count is never a pass.

import Checkers
import Experiment
import History
import Testing

struct AvailabilityTests {
    @Test(arguments: [
        Operation.Outcome.failed(.rejected), .unknown(.timeout), .shed, .neverSent,
    ])
    func `every outcome but ok counts against availability`(outcome: Operation.Outcome) throws {
        var scenario = Scenario()
        #expect(try scenario.status("availability >= 100% in tail") == .held)
        scenario.change(from: 12_000, to: 12_010) { $0.outcome = outcome }
        #expect(try scenario.status("availability >= 100% in tail") == .failed)
        #expect(try scenario.status("availability >= 99.8% in tail") == .held)
        #expect(try scenario.status("error_rate <= 0.2% in tail") == .held)
        #expect(try scenario.status("error_rate < 0.2% in tail") == .failed)
    }

    @Test func `stale answers are counted of all that were planned`() throws {
        var scenario = Scenario()
        #expect(try scenario.status("stale_share >= 1% in tail") == .failed)
        scenario.change(from: 12_000, to: 13_000) { $0.cache = .stale }
        scenario.change(from: 13_000, to: 14_000) { $0.cache = .fresh }
        #expect(try scenario.status("stale_share == 20% in tail") == .held)
        #expect(try scenario.status("stale_share == 0% in baseline") == .held)
        scenario.change(from: 12_000, to: 12_500) { $0.outcome = .failed(.rejected) }
        #expect(try scenario.status("stale_share == 10% in tail") == .held)
    }

    @Test func `a phase is judged by itself`() throws {
        var scenario = Scenario()
        scenario.fail(from: 6000, to: 10_000)
        #expect(try scenario.status("availability >= 99% in fault") == .failed)
        #expect(try scenario.status("availability >= 100% in baseline") == .held)
        #expect(try scenario.status("availability >= 100% in tail") == .held)
        #expect(try scenario.status("availability >= 76% ") == .failed)
        #expect(try scenario.status("availability >= 75%") == .held)
    }

    @Test func `the warm-up is not judged unless it is named`() throws {
        var scenario = Scenario()
        scenario.fail(from: 0, to: 1000)
        #expect(try scenario.status("availability >= 100%") == .held)
        #expect(try scenario.status("availability >= 100% in warmup") == .failed)
    }

    @Test func `an outage in the last two seconds does not hide`() throws {
        var scenario = Scenario()
        scenario.fail(from: 15_000, to: 17_000)
        #expect(try scenario.status("availability >= 80%") == .held)
        #expect(try scenario.status("availability >= 80% in tail") == .failed)
        #expect(try scenario.status("recovery < 2s after each fault") == .failed)
        #expect(try scenario.status("recovery < 2s after heal of kill") == .failed)
    }

    @Test(arguments: [
        "availability >= 0% in baseline", "error_rate <= 100% in baseline",
        "stale_share >= 0% in baseline",
        "p99 < 10s in baseline", "rate >= 0% of planned in baseline",
        "p50 <= 9x baseline in tail",
    ])
    func `a phase without operations is no data, however low the bar`(objective: String) throws {
        var scenario = Scenario()
        scenario.run.phases.removeAll { $0.phase == .baseline }
        #expect(try scenario.status(objective) == .noData)
        #expect(try scenario.verdict(objective).exitCode == 2)
    }

    @Test func `a journey without operations is no data`() throws {
        #expect(try Scenario().status("availability{journey=checkout} >= 0%") == .noData)
        #expect(try Scenario().status("p99{journey=checkout} < 10s") == .noData)
    }

    @Test func `a journey is judged by itself`() throws {
        var scenario = Scenario()
        scenario.change(from: 12_000, to: 17_000) { operation in
            if operation.journey == "post" { operation.outcome = .failed(.rejected) }
        }
        #expect(try scenario.status("availability{journey=browse} >= 100% in tail") == .held)
        #expect(try scenario.status("availability{journey=post} > 0% in tail") == .failed)
    }

    @Test func `latency counts from the intended time`() throws {
        var scenario = Scenario()
        #expect(try scenario.status("p99 < 6ms in tail") == .held)
        // Sent half a second late, and then as fast as ever.
        scenario.change(from: 12_000, to: 12_100) { operation in
            operation.started = operation.intended + 500 * Scenario.millisecond
            operation.completed = operation.intended + 505 * Scenario.millisecond
        }
        #expect(try scenario.status("p99 < 400ms in tail") == .failed)
    }

    @Test func `a timeout weighs what the user waited`() throws {
        var scenario = Scenario()
        scenario.change(from: 12_000, to: 12_100) { operation in
            operation.outcome = .unknown(.timeout)
            operation.completed = operation.intended + 2 * Scenario.second
        }
        let judgement = try #require(try scenario.verdict("p99 < 250ms in tail").judgements.first)
        #expect(judgement.status == .failed)
        #expect(judgement.measured == "2s")
        #expect(judgement.value == 2)
    }

    @Test func `an operation that was never asked weighs a timeout`() throws {
        var scenario = Scenario()
        scenario.change(from: 12_000, to: 12_100) { operation in
            operation.outcome = .shed
            operation.started = nil
            operation.completed = nil
        }
        #expect(try scenario.status("p99 < 1.9s in tail") == .failed)
    }

    @Test func `a fast refusal does not make the percentile look better`() throws {
        var scenario = Scenario()
        scenario.change(from: 12_000, to: 17_000) { operation in
            if operation.intended % (20 * Scenario.millisecond) == 0 {
                operation.outcome = .failed(.rejected)
                operation.completed = operation.intended + 1
            }
        }
        #expect(try scenario.status("p50 >= 5ms in tail") == .held)
    }

    @Test func `percentiles are by nearest rank`() throws {
        var scenario = Scenario()
        // 5 of 500: the 1% that p99 leaves out, and one more.
        scenario.change(from: 12_000, to: 12_050) { $0.completed = $0.intended + 80_000_000 }
        #expect(try scenario.status("p99 < 6ms in tail") == .held)
        scenario.change(from: 12_050, to: 12_060) { $0.completed = $0.intended + 80_000_000 }
        #expect(try scenario.status("p99 < 6ms in tail") == .failed)
        #expect(try scenario.status("p99.9 >= 80ms in tail") == .held)
    }

    @Test func `a percentile can be held against another phase`() throws {
        var scenario = Scenario()
        #expect(try scenario.status("p99 >= 1.5x baseline in fault") == .failed)
        scenario.change(from: 6000, to: 7000) { $0.completed = $0.intended + 8_000_000 }
        let judgement = try #require(
            try scenario.verdict("p99 >= 1.5x baseline in fault").judgements.first)
        #expect(judgement.status == .held)
        #expect(judgement.measured == "8ms (1.6x 5ms)")
    }

    @Test func `a rate counts what arrives within the phase`() throws {
        var scenario = Scenario()
        #expect(try scenario.status("rate >= 99/s in tail") == .held)
        #expect(try scenario.status("rate >= 99% of planned in tail") == .held)
        // All of it ends well, but a fifth of it after the phase.
        scenario.change(from: 16_000, to: 17_000) { $0.completed = $0.intended + 2_000_000_000 }
        #expect(try scenario.status("availability >= 100% in tail") == .held)
        #expect(try scenario.status("rate >= 81% of planned in tail") == .failed)
        #expect(try scenario.status("rate >= 81/s in tail") == .failed)
        #expect(try scenario.status("rate >= 79/s in tail") == .held)
    }
}
