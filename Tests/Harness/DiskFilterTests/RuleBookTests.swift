// Rules and what they make of requests, without a file system: which requests are meant, how often,
// and that what the harness orders arrives as it was said.

import Experiment
import Linux
import Testing
import Wire

@testable import DiskFilter

struct RuleBookTests {
    private func errors(
        _ book: RuleBook, _ operation: DiskOperation, _ path: String, count: Int = 1
    ) -> Int {
        (0..<count).reduce(0) { sum, _ in
            do throws(SyscallError) {
                try book.meet(operation) { path }
                return sum
            } catch {
                return sum + 1
            }
        }
    }

    @Test func `a rule meets its operations on its paths, and every canary`() throws {
        let book = RuleBook(seed: 1)
        let scope = DiskScope([.write], path: PathPattern("log/*"))
        try book.add(.error(.inputOutput, ratio: 1, scope), named: "r")
        #expect(errors(book, .write, "log/a") == 1)
        #expect(errors(book, .write, "state/a") == 0)
        #expect(errors(book, .read, "log/a") == 0)
        #expect(errors(book, .write, "\(DiskOrder.canary)-1") == 1)
        #expect(book.status.rules.map(\.met) == [2])
        #expect(book.status.requests == 4)
    }

    @Test func `a dropped rule meets nothing, and one of the same name takes its place`() throws {
        let book = RuleBook(seed: 1)
        let scope = DiskScope([.write])
        try book.add(.error(.inputOutput, ratio: 1, scope), named: "r")
        try book.add(.error(.noSpace, ratio: 1, scope), named: "r")
        #expect(throws: SyscallError(stage: "rule", errno: .noSpace)) {
            try book.meet(.write) { "a" }
        }
        book.drop("r")
        #expect(errors(book, .write, "a") == 0)
    }

    @Test func `a ratio is kept within the binomial bound, the same for a seed`() throws {
        let counts = try ([3, 3, 4] as [UInt64]).map { seed in
            let book = RuleBook(seed: seed)
            try book.add(.error(.inputOutput, ratio: 0.2, DiskScope([.write])), named: "r")
            return errors(book, .write, "a", count: 2000)
        }
        // Four standard deviations of 17.9.
        #expect(counts.allSatisfy { abs($0 - 400) < 72 })
        #expect(counts[0] == counts[1])
        #expect(counts[0] != counts[2])
    }

    @Test func `a delay holds a request up`() throws {
        let book = RuleBook(seed: 1)
        let delay = Duration.milliseconds(3)
        try book.add(
            .latency(delay: delay, jitter: .zero, shape: .uniform, DiskScope([.fsync])), named: "r")
        let started = MonotonicTime.now()
        try book.meet(.fsync) { "a" }
        #expect(MonotonicTime.now() - started >= delay)
    }

    @Test func `rules have a limit`() throws {
        let book = RuleBook(seed: 1)
        for number in 0..<RuleBook.rulesMax {
            try book.add(.error(.noSpace, ratio: 1, DiskScope([.write])), named: "\(number)")
        }
        #expect(throws: DiskOrderError.self) {
            try book.add(.error(.noSpace, ratio: 1, DiskScope([.write])), named: "more")
        }
    }

    private static let faults: [DiskFault] = [
        .latency(
            delay: .milliseconds(5), jitter: .microseconds(3), shape: .exponential,
            DiskScope([.read, .open], path: PathPattern("a/**"))),
        .error(.noSpace, ratio: 0.25, DiskScope([.write])),
    ]

    @Test(arguments: faults)
    func `an order arrives as it was said`(fault: DiskFault) throws {
        for order in [DiskOrder.add(name: "n", fault), .drop(name: "n")] {
            let text = Array(order.json.text.utf8)
            #expect(try DiskOrder(JSON.parse(text.span)) == order)
        }
    }

    @Test(arguments: ["{}", "{\"add\": \"n\"}", "{\"add\": \"n\", \"fault\": {\"fault\": \"x\"}}"])
    func `what is no order is refused`(text: String) throws {
        let bytes = Array(text.utf8)
        let json = try JSON.parse(bytes.span)
        #expect(throws: DiskOrderError.self) { try DiskOrder(json) }
    }

    @Test func `a status arrives as it was told`() throws {
        let status = DiskStatus(rules: [("r", 3), ("s", 0)], requests: 9)
        #expect(DiskStatus(status.json) == status)
        #expect(DiskStatus(["requests": 1]) == nil)
    }
}
