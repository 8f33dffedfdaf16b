// The rules of the pool, as tables of who is chosen and who is in rotation.

import Blueprint
import Determinism
import Linux
import Testing

@testable import Balancer

/// A pool and a clock that moves when the test says so.
struct PoolBench {
    var pool: BackendPool
    var now = MonotonicTime(nanoseconds: 1_000_000_000)

    init(_ count: Int, change: (inout BalancerSettings) -> Void = { _ in }) {
        var settings = BalancerSettings(backends: (1...count).map(Self.backend))
        settings.policy = .roundRobin
        settings.slowStart = .zero
        change(&settings)
        pool = BackendPool(settings, random: SeededRandom(seed: 1))
    }

    static func backend(_ number: Int) -> NamedAddress {
        NamedAddress(
            name: "app-\(number)",
            address: SocketAddress(ip: IPv4Address(10, 0, 0, UInt8(number)), port: 80))
    }

    mutating func take(excluding: [Int] = [], key: UInt64 = 0) -> Int? {
        pool.take(excluding: excluding, key: key, at: now)
    }

    mutating func give(
        _ index: Int, _ outcome: BackendOutcome, after latency: Duration = .milliseconds(1)
    ) {
        pool.give(index, back: outcome, after: latency, at: now)
    }

    mutating func check(_ index: Int, _ passed: Bool) {
        pool.noteCheck(index, passed: passed, at: now)
    }

    mutating func takeOut(_ index: Int) {
        check(index, false)
        check(index, false)
    }

    /// One request to each backend, so many times, with its share of good answers.
    mutating func serve(_ rounds: Int, failing: Set<Int> = [], slow: Set<Int> = []) {
        for _ in 0..<rounds {
            for index in pool.backends.indices {
                guard let choice = take(excluding: pool.backends.indices.filter { $0 != index })
                else { continue }
                give(
                    choice, failing.contains(choice) ? .refused : .served,
                    after: slow.contains(choice) ? .milliseconds(400) : .milliseconds(2))
            }
        }
    }

    /// An outlier interval passes.
    mutating func compare(after length: Duration = .seconds(1)) {
        now = now + length
        pool.compare(at: now)
    }

    var rotation: [Bool] { pool.backends.map(\.isInRotation) }
}

struct BackendPoolTests {
    @Test func `whoever is out gets nothing and the rest is shared evenly`() {
        var bench = PoolBench(4)
        bench.takeOut(1)
        let choices = (0..<6).map { _ in bench.take() }
        #expect(choices == [0, 2, 3, 0, 2, 3])
    }

    @Test(arguments: [
        ("", true),  // in until shown otherwise
        ("-", true),  // one bad check is chance
        ("--", false),  // fall
        ("-+-", true),  // not in a row
        ("--+", false),  // one good check is chance too
        ("--++", true),  // rise
        ("--+-+", false),  // not in a row
        ("--+-++", true),
    ])
    func `rise and fall count checks in a row`(_ checks: String, _ isIn: Bool) {
        var bench = PoolBench(2)
        for check in checks { bench.check(0, check == "+") }
        #expect(bench.rotation == [isIn, true])
    }

    @Test func `every move is told once`() {
        var bench = PoolBench(2)
        let moves = "-----+++".map { check in
            bench.check(0, check == "+")
            return bench.pool.takeChanges().map(\.isIn)
        }
        #expect(moves == [[], [false], [], [], [], [], [true], []])
    }

    @Test(arguments: [
        ("f", true),
        ("ff", false),  // two broken connections in a row
        ("fsf", true),  // an answer in between
        ("frf", true),  // a refusal is an answer
        ("tttt", true),  // what is slow may lie behind the backend
        ("ftf", false),  // a time-out is no answer either
        ("faf", false),  // nor is one that nobody waited for
    ])
    func `broken connections in a row take a backend out`(_ outcomes: String, _ isIn: Bool) {
        var bench = PoolBench(2)
        let words: [Character: BackendOutcome] = [
            "f": .failed, "s": .served, "r": .refused, "t": .timedOut, "a": .abandoned,
        ]
        for outcome in outcomes {
            let choice = bench.take(excluding: [1])
            #expect(choice == 0)
            bench.give(0, words[outcome] ?? .served)
        }
        #expect(bench.pool.backends[0].isInRotation == isIn)
        #expect(bench.pool.backends[0].inFlight == 0)
    }

    @Test func `good checks bring back what broken connections took out`() {
        var bench = PoolBench(2)
        bench.check(0, true)
        for _ in 0..<2 {
            _ = bench.take(excluding: [1])
            bench.give(0, .failed)
        }
        #expect(bench.rotation == [false, true])
        bench.check(0, true)
        #expect(bench.rotation == [false, true], "checks count from the ejection on")
        bench.check(0, true)
        #expect(bench.rotation == [true, true])
    }

    @Test func `when too few are in rotation, all are tried`() {
        var bench = PoolBench(3) { $0.panicThreshold = 0.5 }
        bench.takeOut(0)
        #expect(!bench.pool.isPanicking)
        bench.takeOut(1)
        #expect(bench.pool.isPanicking)
        let taken = (0..<3).map { _ in bench.take() }
        #expect(Set(taken) == [0, 1, 2])
    }

    @Test func `without a panic threshold, nobody well means nobody`() {
        var bench = PoolBench(2) { $0.panicThreshold = 0 }
        bench.takeOut(0)
        bench.takeOut(1)
        let choice = bench.take()
        #expect(choice == nil)
        #expect(!bench.pool.hasUsable)
    }

    @Test func `a second try goes to a backend in rotation before one that is out`() {
        var bench = PoolBench(3)
        bench.takeOut(1)
        let choices = [[0], [0, 2], [0, 1, 2]].map { bench.take(excluding: $0) }
        #expect(choices == [2, 1, nil])
    }

    @Test func `a full backend gets nothing until one of its requests ends`() {
        var bench = PoolBench(2) { $0.admission.inFlightMax = 2 }
        let choices = (0..<5).map { _ in bench.take() }
        #expect(choices == [0, 1, 0, 1, nil])
        #expect(bench.pool.hasUsable)
        bench.give(1, .served)
        let freed = bench.take()
        #expect(freed == 1)
    }

    @Test(arguments: [BalancingPolicy.roundRobin, .leastConnections])
    func `a backend that comes back is led up slowly`(_ policy: BalancingPolicy) {
        var bench = PoolBench(2) {
            $0.policy = policy
            $0.slowStart = .seconds(10)
        }
        bench.takeOut(1)
        bench.check(1, true)
        bench.check(1, true)
        #expect(bench.rotation == [true, true])
        func share() -> Int {
            let choices = (0..<110).compactMap { _ in bench.take() }
            for choice in choices { bench.give(choice, .served) }
            return choices.count { $0 == 1 }
        }
        #expect((8...12).contains(share()), "a tenth at first")
        bench.now = bench.now + .seconds(5)
        #expect((34...40).contains(share()), "half the weight is a third of the traffic")
        bench.now = bench.now + .seconds(5)
        #expect((54...56).contains(share()))
    }

    @Test func `a reload keeps who stays, drains who leaves, adds who is new`() {
        var bench = PoolBench(2)
        bench.takeOut(1)
        let busy = bench.take()
        #expect(busy == 0)
        bench.pool.replace(with: [2, 3].map(PoolBench.backend), at: bench.now)
        #expect(bench.pool.backends.map(\.state) == ["leaving", "down", "up"])
        let choices = (0..<3).map { _ in bench.take() }
        #expect(choices == [2, 2, 2])
        bench.give(0, .served)
        // The place of who left is free now, and only now.
        bench.pool.replace(with: [2, 3, 4].map(PoolBench.backend), at: bench.now)
        #expect(bench.pool.backends.map(\.name) == ["app-4", "app-2", "app-3"])
        #expect(bench.pool.backends[0].isMember)
    }
}
