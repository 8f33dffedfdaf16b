// Histories that an object could have lived, and those that it could not.

import Testing

@testable import Consistency

struct LinearizabilityTests {
    @Test func `a read of the last write holds, a stale one does not`() throws {
        let writes = ["0 invoke write 1", "0 ok write 1", "0 invoke write 2", "0 ok write 2"]
        let good = try calls(writes + ["1 invoke read", "1 ok read 2"])
        let stale = try calls(writes + ["1 invoke read", "1 ok read 1"])
        #expect(try register(good) == .holds)
        #expect(try register(stale) == .broken)
    }

    @Test func `concurrent writes may take effect in either order, but in one`() throws {
        let writes = ["0 invoke write 1", "1 invoke write 2", "0 ok write 1", "1 ok write 2"]
        let once = writes + ["2 invoke read", "2 ok read 1"]
        #expect(try register(calls(once)) == .holds)
        let both = once + ["2 invoke read", "2 ok read 2"]
        #expect(try register(calls(both)) == .broken)
    }

    @Test func `a write without an answer may take effect late, or never`() throws {
        let lost = ["0 invoke write 1", "0 ok write 1", "1 invoke write 2", "1 info write 2"]
        let late =
            lost + [
                "2 invoke read", "2 ok read 1", "2 invoke read", "2 ok read 2",
            ]
        #expect(try register(calls(late)) == .holds)
        let back = late + ["2 invoke read", "2 ok read 1"]
        #expect(try register(calls(back)) == .broken)
    }

    @Test func `a failed write is one that nobody may read`() throws {
        let failed = ["0 invoke write 1", "0 fail write 1", "1 invoke read", "1 ok read 1"]
        #expect(try register(calls(failed)) == .broken)
    }

    @Test func `a compare-and-set that matched what was not there is found`() throws {
        let wrote = ["0 invoke write 1", "0 ok write 1"]
        let set = wrote + ["0 invoke cas [1 2]", "0 ok cas [1 2]", "0 invoke read", "0 ok read 2"]
        #expect(try register(calls(set)) == .holds)
        let wrong = wrote + ["0 invoke cas [3 2]", "0 ok cas [3 2]"]
        #expect(try register(calls(wrong)) == .broken)
    }

    @Test func `each key is an object of its own`() throws {
        let both = [
            "0 invoke write@x 1", "0 ok write@x 1", "0 invoke read@y", "0 ok read@y nil",
        ]
        #expect(try register(calls(both)) == .holds)
        #expect(try register(calls(both + ["0 invoke read@y", "0 ok read@y 1"])) == .broken)
    }

    @Test func `appends show their order, and an append read twice is found`() throws {
        let appends = [
            "0 invoke append@x \"a\"", "0 ok append@x \"a\"", "1 invoke append@x \"b\"",
            "1 ok append@x \"b\"",
        ]
        var budget = SearchBudget()
        let good = try calls(appends + ["0 invoke get@x", "0 ok get@x \"ab\""])
        #expect(try LinearizabilityCheck.keyValue(good, &budget).verdict == .holds)
        let twice = try calls(appends + ["0 invoke get@x", "0 ok get@x \"abb\""])
        #expect(try LinearizabilityCheck.keyValue(twice, &budget).verdict == .broken)
    }

    @Test func `past its bound the answer is unknown, never a pass`() throws {
        let good = try calls(["0 invoke write 1", "0 ok write 1"])
        var budget = SearchBudget(steps: 1)
        #expect(try LinearizabilityCheck.register(good, &budget).verdict == .unknown)
    }

    @Test func `a history without an answer is unknown`() throws {
        #expect(try register(calls(["0 invoke write 1"])) == .unknown)
    }

    @Test func `a function that a register lacks is refused with its line`() throws {
        let odd = try calls(["0 invoke read", "0 ok read", "0 invoke pop", "0 ok pop"])
        let error = #expect(throws: RecordedHistoryError.self) { try register(odd) }
        #expect(error?.line == 3)
    }

    @Test func `the evidence names the call that has no place`() throws {
        let stale = try calls([
            "0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read 7",
        ])
        var budget = SearchBudget()
        let finding = try LinearizabilityCheck.register(stale, &budget)
        let last = try #require(finding.evidence.first?.last)
        #expect(last.contains("HERE") && last.contains("read 7"))
    }
}
