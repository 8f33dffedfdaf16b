// One history for each anomaly, as small as it can be, and which levels forbid it.

import Testing

@testable import Consistency

struct ListAppendTests {
    private func names(
        _ history: [RecordedCall], _ level: IsolationLevel = .serializable
    ) throws -> String? {
        let finding = try ListAppendCheck.judge(history, level: level)
        return finding.verdict == .broken ? finding.summary : nil
    }

    @Test func `a serial history holds at every level`() throws {
        let history = try transactions(
            "[[:append 1 1]]", "[[:r 1 [1]] [:append 1 2]]", "[[:r 1 [1 2]]]")
        for level in IsolationLevel.allCases { #expect(try names(history, level) == nil) }
    }

    @Test func `writes in opposite orders are G0`() throws {
        let history = try transactions(
            "[[:append 1 1] [:append 2 1]]", "[[:append 1 2] [:append 2 2]]",
            "[[:r 1 [1 2]] [:r 2 [2 1]]]")
        #expect(try names(history, .readUncommitted)?.contains("G0") == true)
    }

    @Test func `a read of an aborted append is G1a`() throws {
        let aborted =
            "{:process 9 :type :invoke :f :txn :value [[:append 1 1]]}"
            + "{:process 9 :type :fail :f :txn :value [[:append 1 1]]}"
        let read =
            "{:process 8 :type :invoke :f :txn :value [[:r 1 nil]]}"
            + "{:process 8 :type :ok :f :txn :value [[:r 1 [1]]]}"
        let history = try RecordedCalls.read(Array((aborted + read).utf8))
        #expect(try names(history, .readCommitted)?.contains("G1a") == true)
        #expect(try names(history, .readUncommitted) == nil)
    }

    @Test func `a read between two appends of one transaction is G1b`() throws {
        let history = try transactions(
            "[[:append 1 1] [:append 1 2]]", "[[:r 1 [1]]]", "[[:r 1 [1 2]]]")
        #expect(try names(history, .readCommitted)?.contains("G1b") == true)
    }

    @Test func `two transactions that read each other are G1c`() throws {
        let history = try transactions(
            "[[:append 1 1] [:r 2 [1]]]", "[[:append 2 1] [:r 1 [1]]]")
        #expect(try names(history, .readCommitted)?.contains("G1c") == true)
    }

    @Test func `a read that sees half of a transaction is G-single`() throws {
        let history = try transactions(
            "[[:append 1 1] [:append 2 1]]", "[[:r 1 [1]] [:r 2 []]]", "[[:r 2 [1]]]")
        #expect(try names(history, .snapshotIsolation)?.contains("G-single") == true)
        #expect(try names(history, .readCommitted) == nil)
    }

    @Test func `write skew is G2-item, and snapshot isolation allows it`() throws {
        let history = try transactions(
            "[[:r 1 []] [:append 2 1]]", "[[:r 2 []] [:append 1 1]]", "[[:r 1 [1]] [:r 2 [1]]]")
        #expect(try names(history)?.contains("G2-item") == true)
        #expect(try names(history, .snapshotIsolation) == nil)
    }

    @Test func `write skew is found where no read shows the appends`() throws {
        let history = try transactions("[[:r 1 []] [:append 2 1]]", "[[:r 2 []] [:append 1 1]]")
        #expect(try names(history)?.contains("G2-item") == true)
    }

    @Test func `two appends to one version are a lost update`() throws {
        let history = try transactions(
            "[[:r 1 []] [:append 1 1]]", "[[:r 1 []] [:append 1 2]]", "[[:r 1 [1 2]]]")
        #expect(try names(history)?.contains("lost-update") == true)
    }

    @Test func `a stale read in real time breaks strict serializability alone`() throws {
        let history = try transactions("[[:append 1 1]]", "[[:r 1 []]]", "[[:r 1 [1]]]")
        #expect(try names(history) == nil)
        #expect(try names(history, .strictSerializable)?.contains("G-single") == true)
    }

    @Test func `reads that no one order explains are found`() throws {
        let history = try transactions(
            "[[:append 1 1]]", "[[:append 1 2]]", "[[:r 1 [1 2]]]", "[[:r 1 [2]]]")
        #expect(try names(history)?.contains("incompatible-order") == true)
    }

    @Test func `an element twice, one that nobody wrote, and a forgotten own write are found`()
        throws
    {
        #expect(
            try names(transactions("[[:append 1 1]]", "[[:r 1 [1 1]]]"))?
                .contains("duplicate-elements") == true)
        #expect(try names(transactions("[[:r 1 [5]]]"))?.contains("garbage-read") == true)
        #expect(
            try names(transactions("[[:append 1 1] [:r 1 []]]"))?.contains("internal") == true)
    }

    @Test func `cycles that were too many to try are unknown, never a pass`() throws {
        let history = try transactions(
            "[[:r 1 []] [:append 2 1]]", "[[:r 2 []] [:append 1 1]]", "[[:r 1 [1]] [:r 2 [1]]]")
        let level = IsolationLevel.snapshotIsolation
        #expect(try ListAppendCheck.judge(history, level: level).verdict == .holds)
        let cut = try ListAppendCheck.judge(history, level: level, triedMax: 1)
        #expect(cut.verdict == .unknown && cut.summary.contains("G-single"))
    }

    @Test func `a history in which nothing committed is unknown`() throws {
        let history = try RecordedCalls.read(
            Array("{:process 1 :type :invoke :f :txn :value [[:append 1 1]]}".utf8))
        #expect(try ListAppendCheck.judge(history, level: .serializable).verdict == .unknown)
    }
}
