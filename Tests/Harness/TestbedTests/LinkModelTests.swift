// The fate of packets, without a kernel: every share within binomial bounds, every promise exact.

import Determinism
import Linux
import Testing

@testable import Testbed

struct LinkModelTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func fates(_ impairment: Impairment, seed: UInt64 = 1, count: Int) -> [LinkModel.Fate] {
        var model = LinkModel(impairment, random: SeededRandom(seed: seed))
        return (0..<count).map { model.admit(at: start + .microseconds($0)) }
    }

    private func departure(_ fate: LinkModel.Fate) -> MonotonicTime? {
        switch fate {
        case .lost: nil
        case .once(let time), .twice(let time): time
        }
    }

    @Test func `without an impairment a packet leaves when it came`() {
        let all = fates(Impairment(), count: 100)
        for (index, fate) in all.enumerated() {
            #expect(fate == .once(start + .microseconds(index)))
        }
    }

    @Test func `a delay is exact`() {
        for (index, fate) in fates(Impairment(delay: .milliseconds(50)), count: 100).enumerated() {
            #expect(fate == .once(start + .microseconds(index) + .milliseconds(50)))
        }
    }

    @Test func `jitter stays within its half-width and never reorders`() throws {
        let impairment = Impairment(delay: .milliseconds(50), jitter: .milliseconds(10))
        var last = start
        var widths: [Duration] = []
        for (index, fate) in fates(impairment, count: 2000).enumerated() {
            let departed = try #require(departure(fate))
            let took = departed - (start + .microseconds(index))
            // An earlier packet may hold it up, by no more than that one's own delay.
            #expect(took >= .milliseconds(40) && took <= .milliseconds(60))
            #expect(departed >= last)
            last = departed
            widths.append(took)
        }
        #expect(widths.contains { $0 > .milliseconds(58) })
    }

    @Test func `jitter of packets far apart fills the band evenly`() throws {
        var model = LinkModel(
            Impairment(delay: .milliseconds(50), jitter: .milliseconds(10)),
            random: SeededRandom(seed: 2))
        var early = 0
        for index in 0..<2000 {
            let arrival = start + .seconds(index)
            let departed = try #require(departure(model.admit(at: arrival)))
            if departed - arrival < .milliseconds(50) { early += 1 }
        }
        // Binomial(2000, 0.5): standard deviation 22.4; five of them.
        #expect((888...1112).contains(early))
    }

    @Test(arguments: [0.01, 0.2, 0.9])
    func `loss is a share of all packets`(loss: Double) {
        let lost = fates(Impairment(loss: loss), count: 10_000).count { $0 == .lost }
        let deviation = (10_000 * loss * (1 - loss)).squareRoot()
        #expect(abs(Double(lost) - 10_000 * loss) < 5 * deviation)
    }

    @Test func `nothing and everything may be lost`() {
        #expect(!fates(Impairment(loss: 0), count: 1000).contains(.lost))
        #expect(fates(Impairment(loss: 1), count: 1000).allSatisfy { $0 == .lost })
    }

    @Test func `a share of packets comes twice`() {
        let twice = fates(Impairment(duplicate: 0.1), count: 10_000).count {
            if case .twice = $0 { true } else { false }
        }
        #expect((850...1150).contains(twice))
    }

    @Test func `a reordered packet overtakes the ones that wait`() {
        let all = fates(Impairment(delay: .milliseconds(5), reorder: 0.1), count: 1000)
        let times = all.compactMap(departure)
        #expect(zip(times, times.dropFirst()).contains { $0 > $1 })
    }

    @Test func `one seed settles every fate, another settles others`() {
        let impairment = Impairment(delay: .milliseconds(9), jitter: .milliseconds(9), loss: 0.3)
        #expect(
            fates(impairment, seed: 5, count: 500) == fates(impairment, seed: 5, count: 500))
        #expect(
            fates(impairment, seed: 5, count: 500) != fates(impairment, seed: 6, count: 500))
    }

    @Test func `which packets are lost does not depend on the other shares`() {
        let alone = fates(Impairment(loss: 0.3), count: 500).map { $0 == .lost }
        let mixed = fates(
            Impairment(
                delay: .milliseconds(1), jitter: .milliseconds(1), loss: 0.3, duplicate: 0.5),
            count: 500
        ).map { $0 == .lost }
        #expect(alone == mixed)
    }
}

struct DelayQueueTests {
    private func time(_ nanoseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds)
    }

    private func drain(_ queue: inout DelayQueue<Int>, by now: MonotonicTime) -> [Int] {
        var left: [Int] = []
        while let (element, _) = queue.popDue(by: now) { left.append(element) }
        return left
    }

    @Test func `nothing leaves before it is due`() {
        var queue = DelayQueue<Int>()
        queue.insert(1, due: time(10))
        #expect(drain(&queue, by: time(9)).isEmpty)
        #expect(queue.nextDue == time(10))
        #expect(drain(&queue, by: time(10)) == [1])
        #expect(queue.count == 0)
    }

    @Test(arguments: 1...20)
    func `elements leave by time, then by arrival`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = DelayQueue<Int>()
        var expected: [(due: Int64, index: Int)] = []
        for index in 0..<200 {
            let due = Int64(random.integer(below: 20))
            queue.insert(index, due: time(due))
            expected.append((due, index))
        }
        expected.sort { ($0.due, $0.index) < ($1.due, $1.index) }
        #expect(drain(&queue, by: time(20)) == expected.map(\.index))
    }

    @Test func `what is hastened leaves first, in its order, and the rest keeps its times`() {
        var queue = DelayQueue<Int>()
        for (element, due) in [(1, 50), (2, 40), (3, 60), (4, 30), (5, 70)] {
            queue.insert(element, due: time(Int64(due)))
        }
        queue.hasten(to: time(10)) { $0 % 2 == 1 }
        #expect(drain(&queue, by: time(10)) == [1, 3, 5])
        #expect(drain(&queue, by: time(100)) == [4, 2])
    }
}
