// Majorities, joint majorities, and what may be asked for (Raft paper, 6; dissertation 4.3).

import Testing

@testable import Raft

struct MembershipTests {
    private let joint = Membership(
        voters: ids(1, 2, 3), outgoing: ids(3, 4, 5), learners: ids(5, 6))

    @Test(
        arguments: [
            (ids(1, 2), false),  // the new side alone
            (ids(4, 5), false),  // the old side alone
            (ids(3), false),  // in both, and a majority of neither
            (ids(3, 1), false), (ids(3, 4, 5), false),
            (ids(1, 3, 4), true), (ids(1, 2, 4, 5), true),
            (ids(1, 4, 6), false),  // a learner counts nowhere
        ])
    func `a joint configuration decides by a majority of both sides`(
        nodes: [NodeID], isQuorum: Bool
    ) {
        #expect(joint.isQuorum(Set(nodes)) == isQuorum)
    }

    @Test func `what both sides have reached is what the slower one has`() {
        let marks: [UInt64: Int] = [1: 9, 2: 8, 3: 7, 4: 2, 5: 1, 6: 99]
        #expect(joint.reachedByQuorum { marks[$0.rawValue] ?? 0 } == 2)
        #expect(joint.leaving().reachedByQuorum { marks[$0.rawValue] ?? 0 } == 8)
    }

    @Test func `who votes and who learns`() {
        #expect(joint.electors == ids(1, 2, 3, 4, 5))
        #expect(joint.members == ids(1, 2, 3, 4, 5, 6))
        #expect(joint.isElector(NodeID(5)), "it votes until the joint configuration is left")
        #expect(!joint.isLearner(NodeID(5)) && joint.isLearner(NodeID(6)))
        #expect(joint.leaving().isLearner(NodeID(5)))
        #expect(!joint.leaving().isElector(NodeID(5)))
    }

    @Test func `a node that joins decides nothing`() {
        #expect(!Membership.joining.isQuorum([]))
        #expect(!Membership.joining.isQuorum([NodeID(1)]))
        #expect(Membership.joining.members.isEmpty)
    }

    private static let present = Membership(voters: ids(1, 2, 3), learners: ids(4))

    @Test(
        arguments: [
            (.addLearner(NodeID(5)), Membership(voters: ids(1, 2, 3), learners: ids(4, 5))),
            (.remove(NodeID(4)), Membership(voters: ids(1, 2, 3))),
            (
                .promote(NodeID(4)),
                Membership(voters: ids(1, 2, 3, 4), outgoing: ids(1, 2, 3))
            ),
            (
                .demote(NodeID(3)),
                Membership(voters: ids(1, 2), outgoing: ids(1, 2, 3), learners: ids(3, 4))
            ),
            (
                .remove(NodeID(1)),
                Membership(voters: ids(2, 3), outgoing: ids(1, 2, 3), learners: ids(4))
            ),
            (
                .replace(voters: [NodeID(4)], learners: [NodeID(1)]),
                Membership(voters: ids(4), outgoing: ids(1, 2, 3), learners: ids(1))
            ),
        ] as [(MembershipChange, Membership)])
    func `other voters come by a joint configuration, other learners at once`(
        change: MembershipChange, next: Membership
    ) throws {
        let target = try change.target(from: Self.present)
        #expect(
            Self.present.entering(voters: target.voters, learners: target.learners) == next)
    }

    @Test(
        arguments: [
            (.addLearner(NodeID(1)), .nothingToChange), (.addLearner(NodeID(4)), .nothingToChange),
            (.promote(NodeID(1)), .nothingToChange), (.promote(NodeID(9)), .unknownNode(NodeID(9))),
            (.demote(NodeID(4)), .nothingToChange), (.demote(NodeID(9)), .unknownNode(NodeID(9))),
            (.remove(NodeID(9)), .unknownNode(NodeID(9))),
            (.replace(voters: [], learners: []), .noVoterLeft),
            (
                .replace(voters: [NodeID(1), NodeID(4)], learners: [NodeID(4)]),
                .ambiguous(NodeID(4))
            ),
            (
                .replace(voters: Set(ids(1, 2, 3)), learners: Set(ids(4))), .nothingToChange
            ),
        ] as [(MembershipChange, MembershipRefusal)])
    func `a change that makes no sense is refused`(
        change: MembershipChange, refusal: MembershipRefusal
    ) {
        #expect(throws: refusal) { try change.target(from: Self.present) }
    }

    @Test func `the last voter stays`() {
        let alone = Membership(voters: ids(1), learners: ids(2))
        for change in [MembershipChange.remove(NodeID(1)), .demote(NodeID(1))] {
            #expect(throws: MembershipRefusal.noVoterLeft) { try change.target(from: alone) }
        }
    }

    @Test func `history goes back when an entry is cut`() {
        let one = group(of: 1)
        let two = group(of: 2)
        let three = group(of: 3)
        var history = MembershipHistory(
            base: one, at: LogIndex(3),
            entries: [entry(4, 1), configuration(5, 1, two), configuration(8, 1, three)])
        #expect(history.takeChange() == nil, "what was restored is no news")
        #expect(history.newest.membership == three && history.previous == two)
        #expect(history.membership(at: LogIndex(4)) == one)
        #expect(history.membership(at: LogIndex(5)) == two)
        history.note(configuration(5, 1, two))
        #expect(history.newest.membership == three, "an entry that is known already is no news")
        history.cut(from: LogIndex(8))
        #expect(history.takeChange() == two)
        history.compact(through: LogIndex(6))
        history.cut(from: LogIndex(1))
        #expect(history.newest.membership == two, "what is compacted cannot be cut")
    }

    @Test func `a learner has caught up when a round took less than a timeout`() {
        var catchUp = CatchUp(target: LogIndex(100))
        func isDone(_ match: UInt64) -> Bool {
            catchUp.isDone(match: LogIndex(match), roundTicksMax: 10)
        }
        #expect(!isDone(100), "no round has ended")
        catchUp.tick(30, match: LogIndex(50), last: LogIndex(200))
        catchUp.didMatch(LogIndex(100), last: LogIndex(200), roundTicksMax: 10)
        #expect(!isDone(100), "the first round was slow")
        catchUp.tick(5, match: LogIndex(150), last: LogIndex(210))
        catchUp.didMatch(LogIndex(200), last: LogIndex(210), roundTicksMax: 10)
        #expect(isDone(200), "the second was fast")
        catchUp.tick(10, match: LogIndex(205), last: LogIndex(300))
        #expect(!isDone(205), "the third is slow already")
        catchUp.didMatch(LogIndex(210), last: LogIndex(300), roundTicksMax: 10)
        #expect(!isDone(210), "the third was slow")
        catchUp.didMatch(LogIndex(300), last: LogIndex(300), roundTicksMax: 10)
        #expect(isDone(300))
        catchUp.tick(1000, match: LogIndex(300), last: LogIndex(300))
        #expect(isDone(300), "with nothing to send, no round runs")
    }
}
