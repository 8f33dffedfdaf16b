// The rules of the pool, as tables of who is chosen and who is in rotation.

import Blueprint
import Testing

@testable import Balancer

struct BackendPoolTests {
    @Test func `round robin goes round`() {
        var pool = pool(3, .roundRobin)
        let choices = (0..<7).map { _ in pool.take() }
        #expect(choices == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test func `round robin leaves out whoever is out and shares evenly among the rest`() {
        var pool = pool(4, .roundRobin)
        takeOut(1, of: &pool)
        let choices = (0..<6).map { _ in pool.take() }
        #expect(choices == [0, 2, 3, 0, 2, 3])
    }

    @Test func `least connections takes the backend with the fewest in flight`() {
        var pool = pool(3, .leastConnections)
        for expected in [0, 1, 2] {
            let choice = pool.take()
            #expect(choice == expected)
        }
        pool.give(1, back: .served)
        let freed = pool.take()
        #expect(freed == 1)
        pool.give(2, back: .failed)
        let failed = pool.take()
        #expect(failed == 2)
    }

    @Test func `least connections shares ties out`() {
        var pool = pool(3, .leastConnections)
        var choices: [Int?] = []
        for _ in 0..<6 {
            let choice = pool.take()
            choices.append(choice)
            if let choice { pool.give(choice, back: .served) }
        }
        #expect(choices == [0, 1, 2, 0, 1, 2])
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
        var pool = pool(2, .roundRobin)
        for check in checks { pool.noteCheck(0, passed: check == "+") }
        #expect(pool.backends[0].isInRotation == isIn)
        #expect(pool.backends[1].isInRotation)
    }

    @Test func `a check says when it has moved the backend`() {
        var pool = pool(2, .roundRobin)
        let moves = "-----+++".map { pool.noteCheck(0, passed: $0 == "+") }
        #expect(moves == [false, true, false, false, false, false, true, false])
    }

    @Test(arguments: [
        ("f", true),
        ("ff", false),  // two broken connections in a row
        ("fsf", true),  // an answer in between
        ("tttt", true),  // what is slow may lie behind the backend
        ("ftf", false),  // a time-out is no answer either
    ])
    func `broken connections in a row take a backend out`(_ outcomes: String, _ isIn: Bool) {
        var pool = pool(2, .roundRobin)
        for outcome in outcomes {
            let choice = pool.take(excluding: [1])
            #expect(choice == 0)
            pool.give(0, back: outcome == "f" ? .failed : outcome == "t" ? .timedOut : .served)
        }
        #expect(pool.backends[0].isInRotation == isIn)
        #expect(pool.backends[0].inFlight == 0)
        #expect(pool.backends[0].failures == outcomes.count { $0 != "s" })
    }

    @Test func `good checks bring back what failed requests took out`() {
        var pool = pool(2, .roundRobin)
        pool.noteCheck(0, passed: true)
        takeOut(0, of: &pool)
        let moved = pool.noteCheck(0, passed: true)
        #expect(!moved)
        let moved2 = pool.noteCheck(0, passed: true)
        #expect(moved2)
        #expect(pool.backends[0].isInRotation)
    }

    @Test func `when all are out, all are tried`() {
        var pool = pool(3, .roundRobin)
        for index in 0..<3 { takeOut(index, of: &pool) }
        let taken = (0..<3).map { _ in pool.take() }
        #expect(Set(taken) == [0, 1, 2])
        #expect(pool.backends.allSatisfy { !$0.isInRotation })
    }

    @Test func `a second try goes to a backend in rotation before one that is out`() {
        var pool = pool(3, .roundRobin)
        takeOut(1, of: &pool)
        let choice = pool.take(excluding: [0])
        #expect(choice == 2)
        let freed = pool.take(excluding: [0, 2])
        #expect(freed == 1)
        let failed = pool.take(excluding: [0, 1, 2])
        #expect(failed == nil)
    }

    @Test func `a backend that comes back starts as loaded as the others`() {
        var pool = pool(2, .leastConnections)
        takeOut(1, of: &pool)
        for _ in 0..<10 {
            let choice = pool.take()
            #expect(choice == 0)
        }
        pool.noteCheck(1, passed: true)
        pool.noteCheck(1, passed: true)
        let choices = (0..<6).map { _ in pool.take() }
        #expect(choices.count { $0 == 1 } == 3)
        // Serving earns it its place: now the emptier one is preferred.
        for _ in 0..<3 { pool.give(1, back: .served) }
        let next = (0..<3).map { _ in pool.take() }
        #expect(next == [1, 1, 1])
    }

    private func pool(_ count: Int, _ policy: BalancingPolicy) -> BackendPool {
        let names = (1...count).map { "app-\($0)" }
        return BackendPool(names: names, policy: policy, rise: 2, fall: 2)
    }

    private func takeOut(_ index: Int, of pool: inout BackendPool) {
        pool.noteCheck(index, passed: false)
        pool.noteCheck(index, passed: false)
    }
}
