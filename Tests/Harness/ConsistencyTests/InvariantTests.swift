// Sets, banks and queues: one history for each thing that can be wrong.

import Testing

@testable import Consistency

struct InvariantTests {
    private let adds = ["0 invoke add 1", "0 ok add 1", "0 invoke add 2", "0 ok add 2"]

    @Test func `a set that shows what was added holds`() throws {
        let history = try calls(adds + ["1 invoke read", "1 ok read #{1 2}"])
        #expect(try SetCheck.judge(history).verdict == .holds)
    }

    @Test func `an element that no read shows again is lost`() throws {
        let history = try calls(adds + ["1 invoke read", "1 ok read #{2}"])
        #expect(try SetCheck.judge(history).summary.contains("1 lost, 0 stale"))
    }

    @Test func `an element that a later read shows again was stale`() throws {
        let history = try calls(
            adds + ["1 invoke read", "1 ok read #{2}", "1 invoke read", "1 ok read #{1 2}"])
        let finding = try SetCheck.judge(history)
        #expect(finding.verdict == .broken && finding.summary.contains("0 lost, 1 stale"))
    }

    @Test func `an element that one read showed may not vanish, acknowledged or not`() throws {
        let history = try calls([
            "0 invoke add 1", "0 info add 1", "1 invoke read", "1 ok read #{1}", "1 invoke read",
            "1 ok read #{}",
        ])
        #expect(try SetCheck.judge(history).verdict == .broken)
    }

    @Test func `an element twice in a list, and one that nobody added, are found`() throws {
        let twice = try calls(adds + ["1 invoke read", "1 ok read [1 2 2]"])
        #expect(try SetCheck.judge(twice).verdict == .broken)
        let invented = try calls(adds + ["1 invoke read", "1 ok read #{1 2 3}"])
        #expect(try SetCheck.judge(invented).summary.contains("1 unexpected"))
    }

    @Test func `a set that nobody read is unknown`() throws {
        #expect(try SetCheck.judge(calls(adds)).verdict == .unknown)
    }

    @Test func `balances add up, or the read that shows it is named`() throws {
        let good = try calls(["0 invoke read", "0 ok read {0 60, 1 40}"])
        #expect(try BankCheck.judge(good, total: 100, allowsNegative: false).verdict == .holds)
        let bad = try calls([
            "0 invoke read", "0 ok read {0 60, 1 40}", "0 invoke read", "0 ok read {0 60, 1 45}",
        ])
        #expect(try BankCheck.judge(bad, total: nil, allowsNegative: false).verdict == .broken)
        let poor = try calls(["0 invoke read", "0 ok read {0 110, 1 -10}"])
        #expect(try BankCheck.judge(poor, total: 100, allowsNegative: false).verdict == .broken)
        #expect(try BankCheck.judge(poor, total: 100, allowsNegative: true).verdict == .holds)
    }

    @Test func `messages come out once, or are lost, doubled or invented`() throws {
        let sent = ["0 invoke enqueue 1", "0 ok enqueue 1"]
        let once = sent + ["1 invoke dequeue", "1 ok dequeue 1"]
        #expect(try QueueCheck.judge(calls(once)).verdict == .holds)
        let twice = once + ["1 invoke dequeue", "1 ok dequeue 1"]
        #expect(try QueueCheck.judge(calls(twice)).summary.contains("1 doubled"))
        let other = once + ["0 invoke enqueue 2", "0 ok enqueue 2"]
        #expect(try QueueCheck.judge(calls(other)).summary.contains("1 lost"))
        let invented = once + ["1 invoke dequeue", "1 ok dequeue 7"]
        #expect(try QueueCheck.judge(calls(invented)).summary.contains("1 never sent"))
    }
}
