// The phases follow each other without gap, and the method has its time between baseline and recovery.

import Checkers
import Experiment
import Linux
import Testing

@testable import Conductor

struct PhaseClockTests {
    private func clock(_ change: (inout ExperimentPlan) -> Void = { _ in }) throws -> PhaseClock {
        var plan = try SamplePlan.load([
            SamplePlan.step("1", at: .seconds(1), lasting: .seconds(4)),
            SamplePlan.step("2", at: .seconds(2), lasting: .seconds(1)),
        ])
        plan.phases.warmup = .seconds(3)
        plan.phases.baseline = .seconds(10)
        plan.phases.recovery = .seconds(6)
        plan.phases.tail = .seconds(2)
        change(&plan)
        return PhaseClock(plan)
    }

    @Test func `phases follow each other in order, the method between them`() throws {
        let spans = try clock().spans
        #expect(spans.map(\.phase) == [.warmup, .baseline, .fault, .recovery, .tail])
        #expect(spans.map { $0.start / 1_000_000_000 } == [0, 3, 13, 18, 24])
        #expect(spans.map { $0.end / 1_000_000_000 } == [3, 13, 18, 24, 26])
    }

    @Test func `the method's own time begins with the fault phase`() throws {
        #expect(try clock().methodStart == 13_000_000_000)
        #expect(try clock().end == 26_000_000_000)
    }

    @Test func `a boundary belongs to the phase that begins`() throws {
        let clock = try clock()
        #expect(clock.phase(at: 12_999_999_999) == .baseline)
        #expect(clock.phase(at: 13_000_000_000) == .fault)
        #expect(clock.phase(at: -1) == .warmup)
        #expect(clock.phase(at: 26_000_000_000) == .tail)
    }

    @Test func `a phase of no length holds nothing`() throws {
        let clock = try clock { $0.phases.warmup = .zero }
        #expect(clock.spans[0].length == 0)
        #expect(clock.phase(at: 0) == .baseline)
    }
}
