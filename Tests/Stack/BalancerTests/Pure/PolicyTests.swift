// The policies as tables: what they choose, and how evenly.

import Determinism
import Linux
import Testing

@testable import Balancer

struct PolicyTests {
    @Test func `round robin goes round`() {
        var policy = RoundRobin()
        let choices = (0..<7).map { _ in policy.choose(candidates([0, 0, 0])) }
        #expect(choices == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test func `round robin spreads weights evenly over time`() {
        var policy = RoundRobin()
        let weighted = [Candidate(index: 0), Candidate(index: 1, weight: 0.2)]
        let choices = (0..<12).compactMap { _ in policy.choose(weighted) }
        #expect(choices.count { $0 == 1 } == 2)
        let turns = choices.indices.filter { choices[$0] == 1 }
        #expect(turns.count == 2 && turns[1] - turns[0] == 6)
    }

    @Test func `least connections takes the fewest in hand, ties in turn`() {
        var policy = LeastConnections()
        let least = policy.choose(candidates([3, 1, 2]))
        #expect(least == 1)
        let ties = (0..<4).map { _ in policy.choose(candidates([0, 0, 0])) }
        #expect(ties == [2, 0, 1, 2])
        let nobody = policy.choose([])
        #expect(nobody == nil)
    }

    @Test func `of two choices the cheaper is taken, so the dearest of all never is`() {
        let policy = TwoChoices()
        var random = SeededRandom(seed: 5)
        var three = candidates([1, 1, 1])
        three[0].latency = 0.1
        three[1].latency = 0.01
        three[2].latency = 0.02
        let choices = (0..<300).compactMap { _ in policy.choose(three, random: &random) }
        #expect(!choices.contains(0))
        #expect((170...230).contains(choices.count { $0 == 1 }), "two draws of three have it")
    }

    @Test func `a busy backend that nothing is known of counts as slow`() {
        let fresh = TwoChoices.cost(Candidate(index: 0))
        let busy = TwoChoices.cost(Candidate(index: 0, inFlight: 1))
        let known = TwoChoices.cost(Candidate(index: 0, inFlight: 9, latency: 0.01))
        #expect(fresh == 0)
        #expect(busy > known)
    }

    @Test func `a peak counts at once and is forgotten slowly`() {
        var latency = PeakEWMA(decay: .seconds(10))
        let start = MonotonicTime(nanoseconds: 0)
        latency.observe(.milliseconds(10), at: start)
        latency.observe(.milliseconds(500), at: start)
        #expect(latency.value(at: start) == 0.5)
        latency.observe(.milliseconds(10), at: start + .seconds(1))
        let later = latency.value(at: start + .seconds(1))
        #expect(later < 0.5 && later > 0.4)
        #expect(latency.value(at: start + .seconds(100)) < 0.1)
    }

    @Test func `a key keeps its backend, and few keys move when one is gone`() {
        let names = (0..<10).map { (index: $0, name: "app-\($0)") }
        let policy = BoundedHash(names)
        let idle = candidates(Array(repeating: 0, count: 10))
        let without = idle.filter { $0.index != 3 }
        var moved = 0
        for key in 0..<1000 as Range<UInt64> {
            let before = policy.choose(idle, key: key)
            #expect(before == policy.choose(idle, key: key))
            if before != policy.choose(without, key: key) { moved += 1 }
            if before != 3 { #expect(before == policy.choose(without, key: key)) }
        }
        #expect((50...160).contains(moved), "a tenth")
    }

    @Test func `no backend takes more than its bounded share of one hot key`() {
        let policy = BoundedHash((0..<4).map { (index: $0, name: "app-\($0)") })
        var loads = [0, 0, 0, 0]
        for count in 1...400 {
            guard let choice = policy.choose(candidates(loads), key: 7) else { continue }
            loads[choice] += 1
            let bound = (Double(count) / 4 * BoundedHash.boundFactor).rounded(.up)
            #expect(Double(loads[choice]) <= bound)
        }
        #expect(loads.reduce(0, +) == 400)
        #expect(loads.max() == 125)
    }

    @Test func `a session goes home, however busy home is, and elsewhere only when it is out`() {
        var policy = Affinity((0..<3).map { (index: $0, name: "app-\($0)") })
        let key = Affinity.key(of: Array("app-1~0f3c~9".utf8).span)
        for _ in 0..<10 { #expect(policy.choose(candidates([0, 900, 0]), key: key) == 1) }
        let others = candidates([5, 0, 4]).filter { $0.index != 1 }
        #expect(policy.choose(others, key: key) == 2)
        #expect(policy.choose([], key: key) == nil)
    }

    @Test(arguments: ["", "0f3c", "17.0f3c", "~0f3c", "app-9~0f3c"])
    func `a token of nobody's goes to the least loaded`(token: String) {
        var policy = Affinity((0..<3).map { (index: $0, name: "app-\($0)") })
        let key = Affinity.key(of: Array(token.utf8).span)
        #expect(policy.choose(candidates([3, 2, 1]), key: key) == 2)
    }

    private func candidates(_ loads: [Int]) -> [Candidate] {
        loads.enumerated().map { Candidate(index: $0, inFlight: $1) }
    }
}
