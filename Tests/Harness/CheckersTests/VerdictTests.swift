// How the parts add up: the worst for trust wins, and nothing that is missing adds up to a pass.

import Checkers
import Experiment
import History
import Testing

struct VerdictTests {
    private let easy = "availability >= 50% in tail"

    @Test func `a good run passes`() throws {
        let verdict = try Scenario().verdict(easy, "recovery < 1s after each fault")
        #expect(verdict.outcome == .passed)
        #expect(verdict.exitCode == 0)
        #expect(verdict.reasons.isEmpty)
        #expect(verdict.phases.map(\.count.planned) == [100, 500, 400, 200, 500])
    }

    @Test func `one failed objective fails the run and is named`() throws {
        let verdict = try Scenario().verdict(easy, "p99 < 1ms in tail")
        #expect(verdict.exitCode == 1)
        #expect(verdict.reasons == ["p99 < 1ms in tail: 5ms"])
    }

    @Test func `no data outweighs a failure`() throws {
        let verdict = try Scenario().verdict("p99 < 1ms in tail", "lost_writes == 0")
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.exitCode == 2)
        #expect(verdict.reasons.count == 2)
    }

    @Test func `no objective is no pass`() throws {
        #expect(try Scenario().verdict().outcome == .inconclusive)
    }

    @Test func `a fault that was not proven makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.faults[0].proved = nil
        let verdict = try scenario.verdict(easy)
        #expect(verdict.outcome == .invalid)
        #expect(verdict.exitCode == 2)
        #expect(verdict.reasons == ["kill store-1-2: not proven to have happened"])
    }

    @Test func `a fault that was not proven to be gone makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.faults[0].provedHealed = nil
        #expect(try scenario.verdict(easy).reasons == ["kill store-1-2: not proven to be gone"])
    }

    @Test func `a step that never fired makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.faultSteps.append("method[1]")
        let verdict = try scenario.verdict(easy)
        #expect(verdict.exitCode == 2)
        #expect(verdict.reasons == ["method[1]: the fault was never injected"])
    }

    @Test func `a broken baseline is inconclusive`() throws {
        var scenario = Scenario()
        scenario.fail(from: 2000, to: 2240)
        #expect(try scenario.verdict(easy).exitCode == 0)
        scenario.fail(from: 2000, to: 2260)
        let verdict = try scenario.verdict(easy)
        #expect(verdict.outcome == .inconclusive)
        #expect(
            verdict.reasons
                == ["no steady state: availability in baseline is 94.8% (474 of 500)"])
    }

    @Test func `an absent baseline is inconclusive`() throws {
        var scenario = Scenario()
        scenario.run.phases.removeAll { $0.phase == .baseline }
        #expect(try scenario.verdict(easy).outcome == .inconclusive)
    }

    @Test func `an operation that is not accounted for makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.operations.removeLast()
        let verdict = try scenario.verdict(easy)
        #expect(verdict.outcome == .invalid)
        #expect(verdict.reasons == ["1700 operations were planned and 1699 recorded"])
    }

    @Test func `an operation recorded twice makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.operations[5] = scenario.run.operations[4]
        #expect(try scenario.verdict(easy).outcome == .invalid)
    }

    @Test func `an answer before its request makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.operations[5].completed = 0
        #expect(
            try scenario.verdict(easy).reasons == ["operation 5 has times out of order"])
    }

    @Test func `an operation sent ahead of its plan makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.run.operations[500].started = scenario.run.operations[500].intended - 900_000
        #expect(try scenario.verdict(easy).exitCode == 0)
        scenario.run.operations[500].started = scenario.run.operations[500].intended - 1_100_000
        #expect(try scenario.verdict(easy).outcome == .invalid)
    }

    @Test func `a saturated generator makes the run invalid`() throws {
        var scenario = Scenario()
        // 16 of the 1600 operations that are judged are on the bound; one more is over it.
        let late: (inout Operation) -> Void = { operation in
            operation.started = operation.intended + 51 * Scenario.millisecond
            operation.completed = operation.intended + 60 * Scenario.millisecond
        }
        scenario.change(from: 12_000, to: 12_160, late)
        #expect(try scenario.verdict(easy).exitCode == 0)
        scenario.change(from: 12_160, to: 12_170, late)
        let verdict = try scenario.verdict(easy)
        #expect(verdict.outcome == .invalid)
        #expect(
            verdict.reasons
                == ["saturated: 1.062% (17 of 1600) were sent over 50ms late"])
    }

    @Test func `a generator that stalls in one short phase makes the run invalid`() throws {
        var scenario = Scenario()
        scenario.change(from: 10_000, to: 10_110) { operation in
            operation.started = operation.intended + 51 * Scenario.millisecond
            operation.completed = operation.intended + 60 * Scenario.millisecond
        }
        #expect(
            try scenario.verdict(easy).reasons
                == ["saturated in recovery: 5.5% (11 of 200) were sent over 50ms late"])
    }

    @Test func `operations that were never sent saturate the generator`() throws {
        var scenario = Scenario()
        scenario.change(from: 16_000, to: 17_000) { operation in
            operation.outcome = .neverSent
            operation.started = nil
            operation.completed = nil
        }
        #expect(try scenario.verdict(easy).outcome == .invalid)
    }

    @Test func `lateness during the warm-up is forgiven`() throws {
        var scenario = Scenario()
        scenario.change(from: 0, to: 1000) { operation in
            operation.started = operation.intended + 900 * Scenario.millisecond
            operation.completed = operation.intended + 905 * Scenario.millisecond
        }
        #expect(try scenario.verdict(easy).exitCode == 0)
    }

    @Test func `the worst outcome stays`() {
        var verdict = Verdict(.passed)
        verdict.degrade(to: .invalid, because: "first")
        verdict.degrade(to: .failed, because: "second")
        #expect(verdict.outcome == .invalid)
        #expect(verdict.reasons == ["first", "second"])
        verdict.degrade(to: .harnessFailed, because: "third")
        #expect(verdict.exitCode == 5)
        #expect(verdict.reasons == ["third", "first", "second"])
    }

    @Test(
        arguments: [
            (Verdict.Outcome.passed, 0), (.failed, 1), (.inconclusive, 2), (.invalid, 2),
            (.badExperiment, 3), (.hostLacking, 4), (.harnessFailed, 5),
            (.interrupted(signal: 2), 130),
            (.interrupted(signal: 15), 143),
        ] as [(Verdict.Outcome, Int32)])
    func `exit codes are those of the contract`(outcome: Verdict.Outcome, code: Int32) {
        #expect(outcome.exitCode == code)
    }

    @Test func `composing takes the worst, and nothing composes to unknown`() {
        #expect(Validity.worst(of: [.valid, .valid]) == .valid)
        #expect(Validity.worst(of: [.valid, .unknown]) == .unknown)
        #expect(Validity.worst(of: [.invalid, .unknown, .valid]) == .invalid)
        #expect(Validity.worst(of: []) == .unknown)
    }
}
