// The fate of packets, without a kernel: every share within binomial bounds, every promise exact.

import Determinism
import Experiment
import Linux
import Testing

@testable import Testbed

struct LinkModelTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func model(_ impairments: Impairment..., seed: UInt64 = 1) -> LinkModel {
        var model = LinkModel()
        for (index, impairment) in impairments.enumerated() {
            model.put(
                LinkLayer(number: index), impairment,
                random: SeededRandom(seed: seed).fork("\(index)"))
        }
        return model
    }

    /// The fates of packets a microsecond apart.
    private func fates(
        _ model: LinkModel, count: Int, bytes: Int = 100
    ) -> [LinkModel.Fate] {
        var model = model
        return (0..<count).map { model.admit(bytes: bytes, at: start + .microseconds($0)) }
    }

    private func sent(_ time: MonotonicTime) -> LinkModel.Fate { .sent(.init(departure: time)) }

    private func passage(_ fate: LinkModel.Fate) -> LinkModel.Passage? {
        if case .sent(let passage) = fate { passage } else { nil }
    }

    @Test func `without an impairment a packet leaves when it came`() {
        for (index, fate) in fates(model(), count: 100).enumerated() {
            #expect(fate == sent(start + .microseconds(index)))
        }
    }

    @Test func `a delay is exact, and two add up`() {
        let twice = model(Impairment(delay: .milliseconds(50)), Impairment(delay: .milliseconds(7)))
        for (index, fate) in fates(twice, count: 100).enumerated() {
            #expect(fate == sent(start + .microseconds(index) + .milliseconds(57)))
        }
    }

    @Test func `jitter stays within its half-width and never reorders`() throws {
        let impairment = Impairment(delay: .milliseconds(50), jitter: .milliseconds(10))
        var last = start
        var widths: [Duration] = []
        for (index, fate) in fates(model(impairment), count: 2000).enumerated() {
            let departed = try #require(passage(fate)).departure
            let took = departed - (start + .microseconds(index))
            // An earlier packet may hold it up, by no more than that one's own delay.
            #expect(took >= .milliseconds(40) && took <= .milliseconds(60))
            #expect(departed >= last)
            last = departed
            widths.append(took)
        }
        #expect(widths.contains { $0 > .milliseconds(58) })
    }

    @Test func `jitter that is free to reorder does`() {
        let free = Delay(.milliseconds(50), jitter: .milliseconds(10), keepsOrder: false)
        let times = fates(model(Impairment(delay: free)), count: 100)
            .compactMap { passage($0)?.departure }
        #expect(zip(times, times.dropFirst()).contains { $0 > $1 })
    }

    @Test func `nothing and everything may be lost`() {
        #expect(!fates(model(Impairment()), count: 1000).contains(.lost))
        let all = fates(model(Impairment(loss: .independent(1))), count: 1000)
        #expect(all.allSatisfy { $0 == .lost })
    }

    @Test func `any of several losses takes a packet`() {
        let half = Impairment(loss: .independent(0.5))
        let lost = fates(model(half, half), count: 10_000).count { $0 == .lost }
        // Binomial(10,000, 0.75): standard deviation 43; five of them.
        #expect((7284...7716).contains(lost))
    }

    @Test func `a share of packets comes twice`() {
        let copies = fates(model(Impairment(duplicate: 0.1)), count: 10_000)
            .compactMap { passage($0)?.copy }
        #expect((850...1150).contains(copies.count))
    }

    @Test func `a packet that is held back is overtaken`() {
        let impairment = Impairment(
            delay: Delay(.milliseconds(5)),
            reordering: Reordering(ratio: 0.1, delay: .milliseconds(2)))
        let times = fates(model(impairment), count: 1000).compactMap { passage($0)?.departure }
        #expect(zip(times, times.dropFirst()).contains { $0 > $1 })
        let late = times.enumerated().count {
            $1 == start + .microseconds($0) + .milliseconds(7)
        }
        // Binomial(1000, 0.1): standard deviation 9.5; five of them.
        #expect((53...147).contains(late))
        #expect(times.count == 1000)
    }

    @Test func `what is lost takes none of the rate, what is doubled takes twice`() {
        let slow = Impairment(rate: RateLimit(bitsPerSecond: 8_000_000))
        let lossy = Impairment(loss: .everyNth(2))
        let doubling = Impairment(duplicate: 1)
        let last = { (model: LinkModel) in
            fates(model, count: 100, bytes: 1000).compactMap { passage($0) }
                .map { $0.copy ?? $0.departure }.max()
        }
        // A thousand bytes take a millisecond at 8 Mbit/s, and the first packet comes at the start.
        #expect(last(model(slow)) == start + .milliseconds(100))
        // The order in which faults came makes no difference to the order of the stages.
        #expect(last(model(slow, lossy)) == start + .milliseconds(50))
        #expect(last(model(lossy, slow)) == start + .milliseconds(50))
        #expect(last(model(slow, doubling)) == start + .milliseconds(200))
    }

    @Test func `the delay comes after the queue of a slow link`() {
        let slow = Impairment(rate: RateLimit(bitsPerSecond: 8_000_000, queue: .packets(1)))
        let far = Impairment(delay: .milliseconds(30))
        // Were the packet delayed first, the queue would be empty when the second one came to it.
        let all = fates(model(far, slow), count: 2, bytes: 1000)
        #expect(all == [sent(start + .milliseconds(31)), .overQueue])
    }

    @Test func `a layer that goes leaves the others and lets nothing wait for it`() {
        var model = model(
            Impairment(delay: .milliseconds(20)), Impairment(delay: .seconds(30)))
        _ = model.admit(bytes: 100, at: start)
        #expect(model.delay(beside: LinkLayer(number: 1)) == .milliseconds(20))
        model.remove(LinkLayer(number: 1), limit: start + .milliseconds(20))
        #expect(model.admit(bytes: 100, at: start) == sent(start + .milliseconds(20)))
        #expect(model.impairment(of: LinkLayer(number: 1)) == nil)
    }

    @Test func `one seed settles every fate, another settles others`() {
        let impairment = Impairment(
            loss: .independent(0.3), corruption: Corruption(ratio: 0.5), duplicate: 0.2,
            delay: Delay(.milliseconds(9), jitter: .milliseconds(9), distribution: .normal))
        let first = fates(model(impairment, seed: 5), count: 500)
        #expect(first == fates(model(impairment, seed: 5), count: 500))
        #expect(first != fates(model(impairment, seed: 6), count: 500))
    }

    @Test func `which packets are lost does not depend on the other stages`() {
        let alone = Impairment(loss: .independent(0.3))
        let mixed = Impairment(
            loss: .independent(0.3), duplicate: 0.5,
            delay: Delay(.milliseconds(1), jitter: .milliseconds(1)))
        #expect(
            fates(model(alone), count: 500).map { $0 == .lost }
                == fates(model(mixed), count: 500).map { $0 == .lost })
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
