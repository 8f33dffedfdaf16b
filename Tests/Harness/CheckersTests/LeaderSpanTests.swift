// Leaders as probes saw them, and the judging of how often they changed.

import Experiment
import Testing

@testable import Checkers

struct LeaderSpanTests {
    private func node(
        _ name: String, shard: Int, _ role: NodeRole?, term: UInt64 = 0
    ) -> RosterNode {
        RosterNode(name: name, tier: "store", shard: shard, role: role, term: term)
    }

    @Test func `a leader lasts from the first probe that saw it to the last`() {
        var ledger = LeaderLedger()
        for time in [1, 2, 3] as [Int64] {
            ledger.note(
                [node("a", shard: 1, .leader, term: 4), node("b", shard: 1, .follower, term: 4)],
                at: time)
        }
        ledger.note([node("a", shard: 1, nil), node("b", shard: 1, nil)], at: 4)
        #expect(
            ledger.spans == [
                LeaderSpan(
                    tier: "store", group: "store.shard-1", node: "a", term: 4, first: 1, last: 3)
            ])
    }

    @Test func `of two that claim to lead, the later term does`() {
        var ledger = LeaderLedger()
        let old = node("a", shard: 1, .leader, term: 4)
        ledger.note([old], at: 1)
        ledger.note([old, node("b", shard: 1, .leader, term: 5)], at: 2)
        // The old one alone, since the new one did not answer.
        ledger.note([old], at: 3)
        ledger.note([node("b", shard: 1, .leader, term: 7), old], at: 4)
        #expect(ledger.spans.map(\.term) == [4, 5, 7])
        #expect(ledger.spans.map(\.node) == ["a", "b", "b"])
    }

    @Test func `each partition and each shard is a group of its own`() {
        var queue = RosterNode(name: "queue-1", tier: "queue")
        queue.partitions = [1: .init(.leader, term: 2), 2: .init(.follower, term: 3)]
        var ledger = LeaderLedger()
        ledger.note(
            [queue, node("a", shard: 1, .leader, term: 1), node("b", shard: 2, .leader, term: 1)],
            at: 1)
        #expect(
            ledger.spans.map(\.group) == ["queue.partition-1", "store.shard-1", "store.shard-2"])
    }

    private func scenario(_ spans: (term: UInt64, first: Int64, last: Int64)...) -> Scenario {
        var scenario = Scenario()
        scenario.run.leaders = spans.map {
            LeaderSpan(
                tier: "store", group: "store.shard-1", node: "n\($0.term)", term: $0.term,
                first: $0.first * Scenario.millisecond, last: $0.last * Scenario.millisecond)
        }
        return scenario
    }

    @Test func `changes are counted in their phase, and the warm-up's are not`() throws {
        // The warm-up ends at 1 s, the fault acts from 6 s to 10 s.
        let scenario = scenario((1, 0, 400), (2, 500, 7000), (3, 7100, 8000), (4, 8100, 16_000))
        #expect(try scenario.status("leader_changes <= 2") == .held)
        #expect(try scenario.status("leader_changes <= 1") == .failed)
        #expect(try scenario.status("leader_changes == 2 in fault") == .held)
        #expect(try scenario.status("leader_changes == 0 in tail") == .held)
        #expect(try scenario.status("leader_changes{tier=store} == 2") == .held)
    }

    @Test func `who was never asked has changed nothing that anybody knows of`() throws {
        #expect(try Scenario().status("leader_changes <= 9") == .noData)
        let gone = scenario((1, 0, 4000))
        #expect(try gone.status("leader_changes <= 9 in tail") == .noData)
        #expect(try gone.status("leader_changes{tier=queue} <= 9") == .noData)
    }
}
