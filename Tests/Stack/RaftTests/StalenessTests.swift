// What a replica may say about the age of its own knowledge.

import Testing

@testable import Raft

struct StalenessTests {
    /// A follower of node 2 whose clock stands at 20, with three entries applied.
    private func follower() throws -> Replica {
        var configuration = RaftConfiguration.node(1, of: 3)
        configuration.life = 100
        var replica = try Replica(configuration)
        for _ in 0..<4 {
            replica.tick(5)
            replica.receive(.append(after: .zero, [1, 1, 1], commit: 3), from: 2, term: 1)
        }
        return replica
    }

    private func beat(
        commit: UInt64 = 3, life: UInt64 = 100, stamp: UInt64, age: UInt64
    ) -> RaftMessage.Body {
        .heartbeat(
            Heartbeat(
                commit: LogIndex(min(commit, 3)), round: 1,
                freshness: Freshness(
                    commit: LogIndex(commit), stamp: Ticket(life: life, number: stamp), age: age)))
    }

    private func staleness(_ replica: Replica, applied: UInt64 = 3) -> Int? {
        replica.node.staleness(applied: LogIndex(applied))
    }

    @Test func `the bound is the way there and back, and the age of the leader's proof`() throws {
        var replica = try follower()
        #expect(staleness(replica) == nil)
        replica.receive(beat(stamp: 17, age: 4), from: 2, term: 1)
        #expect(staleness(replica) == 3 + 4 + 2)
        replica.tick(2)
        #expect(staleness(replica) == 5 + 4 + 2, "it grows while nothing is heard")
    }

    @Test func `a heartbeat that was under way for long makes nothing younger`() throws {
        var replica = try follower()
        replica.receive(beat(stamp: 18, age: 1), from: 2, term: 1)
        replica.receive(beat(commit: 2, stamp: 5, age: 0), from: 2, term: 1)
        #expect(staleness(replica) == 2 + 1 + 2)
    }

    @Test func `a state that lacks entries gets no credit for them`() throws {
        var replica = try follower()
        replica.receive(beat(commit: 3, stamp: 10, age: 0), from: 2, term: 1)
        replica.receive(beat(commit: 9, stamp: 19, age: 0), from: 2, term: 1)
        #expect(staleness(replica, applied: 9) == 1 + 2)
        #expect(staleness(replica, applied: 8) == 10 + 2, "the older mark is all it has")
        #expect(staleness(replica, applied: 2) == nil)
    }

    @Test(
        arguments: [
            (99, 17, 4),  // the stamp of a former life
            (100, 21, 0),  // one from the future
            (100, .max, 0), (100, 17, 1 << 40), (100, 17, .max),
        ] as [(UInt64, UInt64, UInt64)])
    func `a stamp that cannot be is ignored`(life: UInt64, stamp: UInt64, age: UInt64) throws {
        var replica = try follower()
        replica.receive(beat(life: life, stamp: stamp, age: age), from: 2, term: 1)
        #expect(staleness(replica) == nil)
    }

    @Test func `a follower without a name for its life has no bound`() throws {
        var replica = try Replica.alone()
        let reply = replica.receive(.beat(), from: 2, term: 1)
        #expect(reply.bodies == [.heartbeatReply(round: 0)])
        replica.receive(beat(life: 0, stamp: 0, age: 0), from: 2, term: 1)
        #expect(staleness(replica) == nil)
    }

    @Test func `a leader sends a stamp back, with the age of its proof`() throws {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        replica.tick()
        let stamp = Ticket(life: 5, number: 77)
        replica.receive(.heartbeatReply(round: 1, stamp: stamp), from: 3, term: 1)
        let sent = replica.tick(3)
        let freshness = Freshness(commit: LogIndex(1), stamp: stamp, age: 3)
        #expect(
            sent.to(3) == [
                .heartbeat(Heartbeat(commit: .zero, round: 2, freshness: freshness))
            ])
        #expect(sent.to(2) == [.beat(commit: 1, round: 2)], "this one put no stamp on its answers")
        #expect(staleness(replica, applied: 1) == 3 + 2, "a leader's own knowledge ages as well")
    }

    @Test func `a leader without a commit in its term, or without a proof, vouches for nothing`()
        throws
    {
        var replica = try Replica.alone()
        replica.win()
        replica.tick()
        let stamp = Ticket(life: 5, number: 77)
        replica.receive(.heartbeatReply(round: 1, stamp: stamp), from: 3, term: 1)
        #expect(replica.tick().to(3).contains(.beat(round: 2)))
        replica = try Replica.alone(of: 5)
        replica.win()
        for peer in [2, 3] as [UInt64] { replica.receive(.matched(1), from: peer, term: 1) }
        replica.tick()
        replica.receive(.heartbeatReply(round: 1, stamp: stamp), from: 3, term: 1)
        #expect(replica.tick().to(3).contains(.beat(commit: 1, round: 2)), "one answer of two")
    }

    @Test func `every claim holds while a group goes through elections`() throws {
        var group = try Group(of: 3) { $0.life = $0.id.rawValue }
        var commits: [LogIndex] = []
        var claims = 0
        group.elect(1)
        for moment in 0..<240 {
            switch moment % 80 {
            case 20: if let leader = group.leaders.first { group.isolate(leader) }
            case 60: group.heal()
            default: break
            }
            for leader in group.leaders { try group.propose("\(moment)", at: leader) }
            group.tickAll(1)
            commits.append(group.ids.map { group[$0].status.commit }.max() ?? .zero)
            for id in group.ids {
                let applied = group[id].applied.last?.index ?? .zero
                guard let age = group[id].node.staleness(applied: applied), age <= moment else {
                    continue
                }
                claims += 1
                #expect(applied >= commits[moment - age], "node \(id) at \(moment) said \(age)")
            }
        }
        #expect(claims > 300, "followers and leaders, most of the time")
    }

    @Test func `marks are few, and the newest of them stay`() {
        var marks = StalenessMarks()
        for number in 1...100 as ClosedRange<Int> {
            marks.note(LogIndex(UInt64(number)), at: number)
        }
        #expect(marks.tick(coveredBy: LogIndex(100)) == 100)
        #expect(marks.tick(coveredBy: LogIndex(37)) == 37)
        #expect(marks.tick(coveredBy: LogIndex(36)) == nil)
        marks.note(LogIndex(90), at: 101)
        #expect(marks.tick(coveredBy: LogIndex(95)) == 101, "what covers more with less replaces")
        marks.note(LogIndex(200), at: 50)
        #expect(marks.tick(coveredBy: LogIndex(200)) == 101)
    }
}
