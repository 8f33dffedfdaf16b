// Timers come due in order, cancelled ones never, and cancelled ones do not pile up.

import Determinism
import Linux
import Testing

@testable import Reactor

struct TimerQueueTests {
    @Test func `timers come due in the order of their deadlines, equal ones as they were set`() {
        var queue = TimerQueue()
        var fired: [Int] = []
        for (number, deadline) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 30)] {
            queue.schedule(at: at(deadline)) { fired.append(number) }
        }
        #expect(queue.nextDeadline == at(10))
        while let action = queue.takeDue(at: at(100)) { action() }
        #expect(fired == [2, 4, 3, 1, 5])
        #expect(queue.isEmpty)
    }

    @Test func `nothing comes due before its time`() {
        var queue = TimerQueue()
        queue.schedule(at: at(10)) {}
        let due = queue.takeDue(at: at(9))
        #expect(due == nil)
        let due2 = queue.takeDue(at: at(10))
        #expect(due2 != nil)
        let due3 = queue.takeDue(at: at(10))
        #expect(due3 == nil)
    }

    @Test func `a cancelled timer does nothing, however often it is cancelled`() {
        var queue = TimerQueue()
        var fired: [Int] = []
        let cancelled = queue.schedule(at: at(1)) { fired.append(1) }
        queue.schedule(at: at(2)) { fired.append(2) }
        cancelled.cancel()
        cancelled.cancel()
        while let action = queue.takeDue(at: at(5)) { action() }
        #expect(fired == [2])
        cancelled.cancel()
        #expect(queue.isEmpty)
    }

    @Test func `cancelled timers do not pile up`() {
        var queue = TimerQueue()
        var fired = 0
        for number in 0..<100 { queue.schedule(at: at(number)) { fired += 1 } }
        for _ in 0..<100_000 { queue.schedule(at: at(1_000_000)) { fired += 1 }.cancel() }
        #expect(queue.count < 1000)
        while let action = queue.takeDue(at: at(2_000_000)) { action() }
        #expect(fired == 100)
        #expect(queue.isEmpty)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `any mix of setting, cancelling and taking agrees with a sorted list`(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = TimerQueue()
        var model: [(deadline: Int, number: Int)] = []
        var entries: [Int: TimerEntry] = [:]
        var fired: [Int] = []
        var expected: [Int] = []
        for number in 0..<3000 {
            switch random.next() % 8 {
            case 0..<4:
                let deadline = number + Int(random.next() % 500)
                entries[number] = queue.schedule(at: at(deadline)) { fired.append(number) }
                model.append((deadline, number))
            case 4..<7:
                guard let victim = model.randomElement(using: &random) else { continue }
                entries[victim.number]?.cancel()
                model.removeAll { $0.number == victim.number }
            default:
                let due = model.filter { $0.deadline <= number }
                expected += due.sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }
                    .map(\.number)
                model.removeAll { $0.deadline <= number }
                while let action = queue.takeDue(at: at(number)) { action() }
            }
            #expect(queue.count >= model.count)
        }
        #expect(fired == expected)
        #expect(!fired.isEmpty)
    }

    private func at(_ milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(milliseconds) * 1_000_000)
    }
}
