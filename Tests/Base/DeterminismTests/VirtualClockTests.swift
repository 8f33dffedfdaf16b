// The simulated clock: order of timers, cancelling, and time that only goes forward.

import Testing

@testable import Determinism

@Suite struct VirtualClockTests {
    /// Everything that fires until the limit, each with the time at which it fired.
    private func run(_ clock: inout VirtualClock<String>, to limit: Duration) -> [String] {
        var fired: [String] = []
        while let event = clock.advance(to: limit) {
            fired.append("\(event)@\(clock.now)")
        }
        return fired
    }

    @Test func `timers fire in order of their deadlines, ties in the order set`() {
        var clock = VirtualClock<String>()
        clock.schedule("late", at: .seconds(3))
        clock.schedule("first", at: .seconds(1))
        clock.schedule("second", at: .seconds(1))
        #expect(run(&clock, to: .seconds(2)) == ["first@1.0 seconds", "second@1.0 seconds"])
        #expect(clock.now == .seconds(2))
        #expect(clock.pendingCount == 1)
        #expect(clock.nextDeadline == .seconds(3))
    }

    @Test func `a handler may set a timer that is due before the next one`() {
        var clock = VirtualClock<String>()
        clock.schedule("a", at: .seconds(1))
        clock.schedule("c", at: .seconds(3))
        #expect(clock.advance() == "a")
        clock.schedule("b", after: .seconds(1))
        #expect(run(&clock, to: .seconds(5)) == ["b@2.0 seconds", "c@3.0 seconds"])
    }

    @Test func `a cancelled timer does not fire, and is cancelled only once`() {
        var clock = VirtualClock<String>()
        let doomed = clock.schedule("doomed", at: .seconds(1))
        let kept = clock.schedule("kept", at: .seconds(2))
        let cancellations = [clock.cancel(doomed), clock.cancel(doomed)]
        #expect(cancellations == [true, false])
        #expect(clock.pendingCount == 1)
        #expect(clock.advance() == "kept")
        let cancelledTooLate = clock.cancel(kept)
        #expect(!cancelledTooLate)
        #expect(clock.advance() == nil)
        #expect(clock.now == .seconds(2))
    }

    @Test func `timers passed over by a jump fire late, at the new time`() {
        var clock = VirtualClock<String>()
        clock.schedule("missed", at: .seconds(1))
        clock.jump(to: .seconds(10))
        #expect(run(&clock, to: .seconds(11)) == ["missed@10.0 seconds"])
    }

    @Test func `a deadline in the past is due at the present`() {
        var clock = VirtualClock<String>()
        clock.jump(to: .seconds(10))
        clock.schedule("at once", at: .seconds(1))
        #expect(clock.nextDeadline == .seconds(10))
        #expect(clock.advance() == "at once")
        #expect(clock.now == .seconds(10))
    }

    @Test func `random timers come out sorted, with the cancelled ones left out`() {
        var random = SeededRandom(seed: 6)
        var clock = VirtualClock<Int>()
        var expected: [(deadline: Int, event: Int)] = []
        for event in 0..<2000 {
            let deadline = random.integer(in: 0..<500)
            let id = clock.schedule(event, at: .milliseconds(deadline))
            if random.chance(0.3) {
                clock.cancel(id)
            } else {
                expected.append((deadline, event))
            }
        }
        expected.sort { ($0.deadline, $0.event) < ($1.deadline, $1.event) }
        var fired: [Int] = []
        while let event = clock.advance() { fired.append(event) }
        #expect(fired == expected.map(\.event))
        #expect(clock.pendingCount == 0)
    }
}
