// Recovery: counted from the injection and from the heal, to the first of four good windows, with the
// ways in which an outage could hide.

import Experiment
import History
import Testing

@testable import Checkers

struct RecoveryTests {
    @Test func `a system that was never bad recovers in no time`() throws {
        let recovery = try finding(Scenario())
        #expect(recovery.fromInjection == .recovered(0))
        #expect(recovery.fromHeal == .recovered(0))
        #expect(recovery.operationsLost == 0)
        #expect(try Scenario().status("recovery <= 0s after each fault") == .held)
    }

    @Test func `recovery ends at the first of four good windows`() throws {
        var scenario = Scenario()
        scenario.fail(from: 6000, to: 7100)
        let recovery = try finding(scenario)
        // 7.1 s lies in the window that ends at 7.25 s.
        #expect(recovery.fromInjection == .recovered(1250 * Scenario.millisecond))
        #expect(recovery.fromHeal == .recovered(0))
        #expect(recovery.operationsLost == 110)
        #expect(recovery.trough == FaultRecovery.Trough(ok: 0, planned: 25))
        #expect(try scenario.status("recovery < 1.3s after each fault") == .held)
        #expect(try scenario.status("recovery < 1.2s after each fault") == .failed)
    }

    @Test func `an outage that outlasts the fault is counted from both ends`() throws {
        var scenario = Scenario()
        scenario.fail(from: 6000, to: 10_500)
        let recovery = try finding(scenario)
        #expect(recovery.fromInjection == .recovered(4500 * Scenario.millisecond))
        #expect(recovery.fromHeal == .recovered(500 * Scenario.millisecond))
        #expect(try scenario.status("recovery < 1s after heal of kill") == .held)
        #expect(try scenario.status("recovery < 4s after kill") == .failed)
    }

    @Test func `three good windows are not enough`() throws {
        var scenario = Scenario()
        scenario.fail(from: 6000, to: 7000)
        scenario.fail(from: 7750, to: 8000)
        #expect(try finding(scenario).fromInjection == .recovered(2 * Scenario.second))
    }

    @Test func `an outage that begins late counts with its own length`() throws {
        var scenario = Scenario()
        scenario.fail(from: 8000, to: 9500)
        #expect(try finding(scenario).fromInjection == .recovered(1500 * Scenario.millisecond))
        #expect(try scenario.status("recovery < 1s after each fault") == .failed)
    }

    @Test func `a system that never comes back has not recovered`() throws {
        var scenario = Scenario()
        scenario.fail(from: 6000, to: 17_000)
        let recovery = try finding(scenario)
        #expect(recovery.fromInjection == .notRecovered)
        #expect(recovery.fromHeal == .notRecovered)
        let verdict = try scenario.verdict("recovery < 1h after each fault")
        #expect(verdict.outcome == .failed)
        #expect(verdict.exitCode == 1)
    }

    @Test func `data that ends before the fourth good window shows no recovery`() throws {
        var scenario = Scenario()
        scenario.fail(from: 16_000, to: 16_250)
        #expect(try finding(scenario).fromHeal == .notRecovered)
        scenario.fail(from: 15_750, to: 16_000)
        scenario.change(from: 16_000, to: 16_250) { $0.outcome = .ok }
        #expect(try finding(scenario).fromHeal == .recovered(250 * Scenario.millisecond))
    }

    @Test func `slow answers at the very end are no new outage, failures are`() throws {
        var scenario = Scenario()
        scenario.change(from: 16_100, to: 16_200) { $0.completed = $0.intended + 200_000_000 }
        #expect(try finding(scenario).fromHeal == .recovered(0))
        scenario.change(from: 14_900, to: 14_990) { $0.completed = $0.intended + 200_000_000 }
        #expect(try finding(scenario).fromHeal == .recovered(250 * Scenario.millisecond))
        scenario.fail(from: 16_250, to: 16_500)
        #expect(try finding(scenario).fromHeal == .notRecovered)
    }

    @Test func `slow answers are as bad as none`() throws {
        var scenario = Scenario()
        // The baseline's p99 is 5 ms, so 105 ms is still good and 106 ms is not.
        scenario.change(from: 6000, to: 7000) { $0.completed = $0.intended + 105_000_000 }
        #expect(try finding(scenario).fromInjection == .recovered(0))
        scenario.change(from: 6000, to: 7000) { $0.completed = $0.intended + 106_000_000 }
        let recovery = try finding(scenario)
        #expect(recovery.fromInjection == .recovered(Scenario.second))
        #expect(recovery.latencyPeak == 106 * Scenario.millisecond)
        #expect(recovery.operationsLost == 0)
    }

    @Test func `the experiment's own latency limit takes the place of the baseline's`() throws {
        var scenario = Scenario()
        scenario.settings.recovery.p99 = .milliseconds(50)
        scenario.change(from: 6000, to: 7000) { $0.completed = $0.intended + 50_000_000 }
        #expect(try finding(scenario).fromInjection == .recovered(0))
        scenario.change(from: 6000, to: 7000) { $0.completed = $0.intended + 51_000_000 }
        #expect(try finding(scenario).fromInjection == .recovered(Scenario.second))
    }

    @Test func `windows without operations prove nothing`() throws {
        var scenario = Scenario()
        scenario.fail(from: 6000, to: 7000)
        scenario.run.operations.removeAll { $0.intended >= 7000 * Scenario.millisecond }
        #expect(try finding(scenario).fromInjection == .notRecovered)
        #expect(try finding(scenario).fromHeal != .recovered(0))
    }

    @Test func `an outage after the next fault is the next fault's`() throws {
        var scenario = Scenario()
        scenario.run.faults += Scenario.fault(
            "method[1]", from: 12 * Scenario.second, to: 14 * Scenario.second)
        scenario.fail(from: 12_000, to: 13_000)
        let faults = try scenario.verdict("recovery < 2s").faults
        #expect(
            faults.map(\.recovery.fromInjection) == [.recovered(0), .recovered(Scenario.second)])
        #expect(faults.map(\.recovery.operationsLost) == [0, 100])
    }

    @Test func `an outage that runs into the next fault belongs to both`() throws {
        var scenario = Scenario()
        scenario.run.faults += Scenario.fault(
            "method[1]", from: 8 * Scenario.second, to: 9 * Scenario.second)
        scenario.fail(from: 6000, to: 9000)
        let faults = try scenario.verdict("recovery < 2s").faults
        #expect(
            faults.map(\.recovery.fromInjection)
                == [.recovered(3 * Scenario.second), .recovered(Scenario.second)])
    }

    @Test func `a fault that was never injected is no data`() throws {
        #expect(try Scenario().status("recovery < 1h after partition") == .noData)
        var scenario = Scenario()
        scenario.run.faults = []
        #expect(try scenario.status("recovery < 1h after each fault") == .noData)
    }

    @Test func `without a baseline nothing can be called good`() throws {
        var scenario = Scenario()
        scenario.run.phases.removeAll { $0.phase == .baseline }
        #expect(try scenario.status("recovery < 1h after each fault") == .noData)
    }

    @Test func `a fault that was never healed has no recovery from its heal`() throws {
        var scenario = Scenario()
        scenario.run.faults[0].healed = nil
        #expect(try scenario.status("recovery < 1h after heal of kill") == .noData)
    }

    private func finding(_ scenario: Scenario) throws -> FaultRecovery {
        try #require(try scenario.verdict("recovery < 1s").faults.first).recovery
    }
}
