// Acknowledged writes against what was read back: the checks must catch what is missing and what is
// there twice, and must not turn "could not look" into either answer.

import Experiment
import History
import Testing

@testable import Checkers

struct DataCheckTests {
    /// Operation 300 (at 3 s) makes a post, operations 700 and 701 (during the fault) an order and a
    /// post.
    private func scenario(
        posts: [String: ReadBack.Post] = ["p-1": .present, "p-2": .present],
        orders: [String: ReadBack.Order] = ["o-1": .effects(1)], isDrained: Bool = true
    ) -> Scenario {
        var scenario = Scenario()
        scenario.write(300, .post, key: "p-1")
        scenario.write(700, .order, key: "o-1")
        scenario.write(701, .post, key: "p-2")
        scenario.run.readBack = ReadBack(posts: posts, orders: orders, isDrained: isDrained)
        return scenario
    }

    @Test func `writes that are all there pass`() throws {
        let verdict = try scenario().verdict("lost_writes == 0", "duplicate_effects == 0")
        #expect(verdict.outcome == .passed)
        #expect(verdict.exitCode == 0)
        #expect(verdict.data?.acknowledged == 3)
        #expect(verdict.reasons == [])
    }

    @Test func `a lost write is named with its node, time and fault`() throws {
        let verdict = try scenario(posts: ["p-1": .present, "p-2": .absent])
            .verdict("lost_writes == 0")
        #expect(verdict.exitCode == 1)
        #expect(verdict.judgements.map(\.measured) == ["1 lost of 3 acknowledged"])
        let lost = try #require(verdict.data?.lost.first)
        #expect(lost.key == "p-2")
        #expect(lost.operation == 701)
        #expect(lost.acknowledgedBy == "store-1-2")
        #expect(lost.acknowledgedAt == 7015 * Scenario.millisecond)
        #expect(lost.circumstance == .during(["kill store-1-2"]))
    }

    @Test func `a write lost just before a fault names that fault`() throws {
        let lost = try #require(
            try scenario(posts: ["p-1": .absent, "p-2": .present])
                .verdict("lost_writes == 0").data?.lost.first)
        #expect(lost.circumstance == .before("kill store-1-2", 2995 * Scenario.millisecond))
    }

    @Test(arguments: [ReadBack.Order.absent, .effects(0)])
    func `an acknowledged order without effect is lost`(order: ReadBack.Order) throws {
        let verdict = try scenario(orders: ["o-1": order]).verdict("lost_writes == 0")
        #expect(verdict.outcome == .failed)
        #expect(verdict.data?.lost.map(\.key) == ["o-1"])
    }

    @Test func `an order in the dead-letter topic is set aside, neither lost nor passed over`()
        throws
    {
        let scenario = scenario(orders: ["o-1": .setAside("failed: no stock")])
        let verdict = try scenario.verdict("lost_writes == 0", "dead_letters == 1")
        #expect(verdict.outcome == .passed)
        #expect(
            verdict.judgements.map(\.measured) == [
                "0 lost of 3 acknowledged, 1 set aside", "1 set aside of 1 orders",
            ])
        #expect(try scenario.status("dead_letters == 0") == .failed)
        #expect(verdict.data?.setAside == [SetAside(key: "o-1", reason: "failed: no stock")])
        let open = self.scenario(orders: ["o-1": .unreadable("gone")])
        #expect(try open.status("dead_letters == 0") == .unknown)
    }

    @Test func `an order that is still queued is not yet lost, and no pass either`() throws {
        let scenario = scenario(orders: ["o-1": .effects(0)], isDrained: false)
        #expect(try scenario.status("lost_writes == 0") == .unknown)
        #expect(try scenario.status("duplicate_effects == 0") == .unknown)
        #expect(try scenario.verdict("lost_writes == 0").exitCode == 2)
    }

    @Test func `an order with two effects is a duplicate`() throws {
        let verdict = try scenario(orders: ["o-1": .effects(2)]).verdict("duplicate_effects == 0")
        #expect(verdict.exitCode == 1)
        #expect(
            verdict.data?.duplicates == [DuplicateEffect(key: "o-1", effects: 2, operation: 700)])
    }

    @Test func `an order with unknown outcome may not take effect twice`() throws {
        var scenario = scenario(orders: ["o-1": .effects(2)])
        scenario.run.operations[700].outcome = .unknown(.timeout)
        #expect(try scenario.status("duplicate_effects == 0") == .failed)
    }

    @Test(arguments: [ReadBack.Post.present, .absent])
    func `a write with unknown outcome may be there or not`(post: ReadBack.Post) throws {
        var scenario = scenario(posts: ["p-1": .present, "p-2": post])
        scenario.run.operations[701].outcome = .unknown(.timeout)
        let verdict = try scenario.verdict("lost_writes == 0")
        #expect(verdict.judgements.map(\.status) == [.held])
        #expect(verdict.data?.acknowledged == 2)
    }

    @Test func `a write that cannot be read is unknown, not a pass`() throws {
        let scenario = scenario(posts: ["p-1": .present, "p-2": .unreadable("timed out")])
        let verdict = try scenario.verdict("lost_writes == 0")
        #expect(verdict.judgements.map(\.status) == [.unknown])
        #expect(
            verdict.judgements.map(\.measured)
                == ["0 lost of 3 acknowledged, 1 not readable (p-2: timed out)"])
        #expect(verdict.exitCode == 2)
    }

    @Test func `a write that nobody read back is unknown`() throws {
        #expect(try scenario(posts: ["p-1": .present]).status("lost_writes == 0") == .unknown)
        #expect(try scenario(orders: [:]).status("duplicate_effects == 0") == .unknown)
    }

    @Test func `a lost write fails even when others cannot be read`() throws {
        let scenario = scenario(posts: ["p-1": .absent, "p-2": .unreadable("timed out")])
        #expect(try scenario.status("lost_writes == 0") == .failed)
        #expect(try scenario.status("lost_writes <= 2") == .held)
        #expect(try scenario.status("lost_writes <= 1") == .unknown)
        #expect(try scenario.status("lost_writes >= 1") == .held)
    }

    @Test func `lost sessions are counted by the answers alone`() throws {
        var scenario = Scenario()
        #expect(try scenario.status("lost_sessions == 0") == .held)
        scenario.run.operations[800].lostSession = true
        scenario.run.operations[801].lostSession = true
        scenario.run.operations[801].outcome = .failed(.rejected)
        let verdict = try scenario.verdict("lost_sessions == 0")
        #expect(verdict.exitCode == 1)
        #expect(verdict.judgements.map(\.measured) == ["2 lost of 1700 uses of a session"])
        #expect(try scenario.status("lost_sessions <= 2") == .held)
    }

    @Test func `sessions that nobody used were not kept`() throws {
        var scenario = Scenario()
        scenario.fail(from: 0, to: 17_000)
        #expect(try scenario.status("lost_sessions == 0") == .noData)
        scenario.run.operations = []
        #expect(try scenario.status("lost_sessions == 0") == .noData)
    }

    @Test func `no writes and no reading back are no data`() throws {
        var nothingRead = scenario()
        nothingRead.run.readBack = nil
        #expect(try nothingRead.status("lost_writes == 0") == .noData)
        var nothingWritten = Scenario()
        nothingWritten.run.readBack = ReadBack(isDrained: true)
        #expect(try nothingWritten.status("lost_writes == 0") == .noData)
        #expect(try nothingWritten.status("duplicate_effects == 0") == .noData)
        #expect(try nothingWritten.verdict("lost_writes == 0").outcome == .inconclusive)
    }
}
