// A node whose log was damaged has no vote until it is rebuilt (Alagappan et al., Protocol-Aware
// Recovery, FAST 2018; what it rests on is leader completeness, Raft paper 5.4.3).

import Testing

@testable import Raft

struct RecoveryTests {
    /// A disk whose log was found damaged behind the given entries.
    private func damaged(term: UInt64, keeping log: [LogEntry] = [], applied: UInt64 = 0) -> Disk {
        var disk = Disk()
        disk.hardState = HardState(term: Term(term), vote: nil, isRecovering: true)
        disk.entries = log
        disk.applied = LogIndex(applied)
        return disk
    }

    private func node(_ disk: Disk, id: UInt64 = 1, life: UInt64 = 100) throws -> Replica {
        var configuration = RaftConfiguration.node(id, of: 3)
        configuration.life = life
        return try Replica(configuration, disk: disk)
    }

    private func question(_ number: UInt64, life: UInt64 = 100) -> RaftMessage.Body {
        .recover(Ticket(life: life, number: number))
    }

    private func answer(_ number: UInt64, last: UInt64, life: UInt64 = 100) -> RaftMessage.Body {
        .recoveryAnswer(
            RecoveryAnswer(ticket: Ticket(life: life, number: number), last: LogIndex(last)))
    }

    // MARK: Without a vote

    @Test(
        arguments: [
            .ask(last: position(99, 9)), .ask(last: position(99, 9), isPreVote: true),
            .ask(last: position(99, 9), isTransfer: true),
        ] as [RaftMessage.Body])
    func `a damaged node votes for nobody`(ask: RaftMessage.Body) throws {
        var replica = try node(damaged(term: 3, keeping: entries(of: [1, 1])))
        #expect(replica.receive(ask, from: 2, term: 9).isEmpty)
        for _ in 0..<50 { replica.tick() }
        #expect(replica.receive(ask, from: 2, term: 9).isEmpty, "nor later")
        #expect(replica.disk.hardState.vote == nil)
        var sound = try node(Disk())
        #expect(!sound.receive(ask, from: 2, term: 9).isEmpty, "a sound one would")
    }

    @Test func `a damaged node does not campaign, whoever asks it to`() throws {
        var replica = try node(damaged(term: 3))
        #expect(replica.timeOut().isEmpty)
        replica.step(.campaign)
        #expect(replica.settle().isEmpty)
        #expect(!replica.receive(.timeoutNow, from: 2, term: 3).bodies.contains(.ask()))
        #expect(replica.status.role == .follower && replica.status.isRecovering)
    }

    /// An entry that node 1, since gone, committed with the help of node 3; node 2 lacks it. Node 3
    /// comes back with a hole in its log.
    private func groupWithHole(isKnown: Bool) throws -> Group {
        var group = try Group(of: 3) { $0.life = $0.id.rawValue }
        group.elect(1)
        group.isolate(2)
        try group.propose("promised", at: 1)
        #expect(group[1].applied.last?.payload == .command(Array("promised".utf8)))
        var disk = group[3].disk
        disk.entries.removeLast()
        disk.applied = LogIndex(1)
        disk.hardState.isRecovering = isKnown
        group[3] = try Replica(group[3].configuration, disk: disk)
        return group
    }

    @Test func `a hole in a log costs no committed entry`() throws {
        var group = try groupWithHole(isKnown: true)
        group.isolate(1)
        group.tickAll(100)
        #expect(group.leaders.isEmpty, "the two that are left cannot know")
        group.heal()
        group.tickAll(60)
        let leader = try #require(group.leaders.first)
        #expect(leader == 1)
        for id in group.ids {
            #expect(group[id].applied.contains { $0.payload == .command(Array("promised".utf8)) })
            #expect(!group[id].status.isRecovering)
        }
    }

    @Test func `a hole that is passed over in silence costs one`() throws {
        var group = try groupWithHole(isKnown: false)
        group.isolate(1)
        group.tickAll(100)
        let leader = try #require(group.leaders.first { $0 != 1 })
        #expect(!group[leader].disk.entries.contains { $0.position == position(2, 1) })
    }

    @Test func `a damaged majority stands still`() throws {
        var group = try Group(of: 3) { $0.life = $0.id.rawValue }
        for id in [2, 3] as [UInt64] {
            group[id] = try node(damaged(term: 1), id: id)
        }
        group.tickAll(100)
        #expect(group.leaders.isEmpty)
    }

    // MARK: Getting back

    @Test func `it asks its leader, and is back when it has what the leader had`() throws {
        var replica = try node(damaged(term: 1, keeping: entries(of: [1])))
        let asked = replica.receive(.beat(), from: 2, term: 1)
        #expect(asked.to(2).contains(question(1)))
        replica.receive(answer(1, last: 3), from: 2, term: 1)
        replica.receive(.append(after: position(1, 1), [1], commit: 2), from: 2, term: 1)
        #expect(replica.status.isRecovering, "all that is committed, yet not all that it may know")
        #expect(replica.receive(.ask(isTransfer: true), from: 3, term: 2).isEmpty)
        let done = replica.receive(.append(after: position(2, 1), [1]), from: 2, term: 1)
        #expect(done.bodies == [.matched(3)])
        #expect(!replica.status.isRecovering)
        #expect(!replica.disk.hardState.isRecovering)
        let vote = replica.receive(
            .ask(last: position(3, 1), isTransfer: true), from: 3, term: 2)
        #expect(vote.bodies == [.vote(granted: true)])
    }

    @Test func `what it has in the meantime it confirms`() throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.beat(), from: 2, term: 1)
        let reply = replica.receive(.append(after: .zero, [1]), from: 2, term: 1)
        #expect(reply.bodies == [.matched(1)])
    }

    @Test func `entries that are not compared with the leader's do not count`() throws {
        var replica = try node(damaged(term: 1, keeping: entries(of: [1, 1, 1, 1])))
        replica.receive(.beat(), from: 2, term: 1)
        replica.receive(answer(1, last: 4), from: 2, term: 1)
        #expect(replica.status.isRecovering)
        replica.receive(.append(after: position(3, 1)), from: 2, term: 1)
        #expect(replica.status.isRecovering)
        replica.receive(.append(after: position(4, 1)), from: 2, term: 1)
        #expect(!replica.status.isRecovering)
    }

    @Test func `entries that are not on disk do not count`() throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.beat(), from: 2, term: 1)
        replica.receive(answer(1, last: 2), from: 2, term: 1)
        replica.step(
            .message(replica.message(.append(after: .zero, [1, 1]), from: 2, term: 1)))
        _ = replica.collect()
        #expect(replica.status.isRecovering)
        _ = replica.persistOne()
        #expect(!replica.status.isRecovering)
        try replica.crash()
        #expect(replica.status.isRecovering, "that it is over was not on disk")
        #expect(replica.status.last == position(2, 1))
    }

    @Test func `a snapshot counts when it is on disk`() throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.beat(), from: 2, term: 1)
        replica.receive(answer(1, last: 7), from: 2, term: 1)
        let snapshot = SnapshotDescriptor(position: position(7, 1), membership: group(of: 3))
        replica.step(
            .message(replica.message(.installSnapshot(snapshot), from: 2, term: 1)))
        let readies = replica.takeReadies()
        #expect(readies.compactMap(\.snapshot) == [snapshot])
        #expect(replica.status.stable == LogIndex(7), "to the log it counts already")
        #expect(readies.allSatisfy { $0.hardState?.isRecovering != false })
        #expect(replica.status.isRecovering)
        _ = replica.settle()
        #expect(!replica.status.isRecovering && !replica.disk.hardState.isRecovering)
    }

    @Test func `a crash on the way leaves it damaged`() throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.beat(), from: 2, term: 1)
        replica.receive(answer(1, last: 3), from: 2, term: 1)
        replica.receive(.append(after: .zero, [1]), from: 2, term: 1)
        try replica.crash()
        #expect(replica.status.isRecovering)
        replica.receive(.append(after: position(1, 1), [1, 1]), from: 2, term: 1)
        #expect(replica.status.isRecovering, "the answer was one to the life before")
    }

    // MARK: Answers that do not count

    @Test(
        arguments: [
            (1, 99), (2, 100), (0, 100),  // another life, a question to come, none
        ] as [(UInt64, UInt64)])
    func `an answer to another question means nothing`(number: UInt64, life: UInt64) throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.append(after: .zero, [1]), from: 2, term: 1)
        replica.receive(answer(number, last: 1, life: life), from: 2, term: 1)
        #expect(replica.status.isRecovering)
        replica.receive(answer(1, last: 1), from: 3, term: 1)
        #expect(replica.status.isRecovering, "it did not ask that node")
        replica.receive(answer(1, last: 1), from: 2, term: 1)
        #expect(!replica.status.isRecovering)
    }

    @Test func `a new leader is asked anew, and the log compared anew`() throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.append(after: .zero, [1, 1]), from: 2, term: 1)
        let asked = replica.receive(.beat(), from: 3, term: 2)
        #expect(asked.to(3).contains(question(2)))
        replica.receive(answer(1, last: 2), from: 2, term: 1)
        #expect(replica.status.isRecovering, "the former leader's answer")
        replica.receive(answer(2, last: 2), from: 3, term: 2)
        #expect(replica.status.isRecovering, "what the former leader sent may be wrong")
        replica.receive(.append(after: position(1, 1), [2]), from: 3, term: 2)
        #expect(!replica.status.isRecovering)
    }

    @Test func `a lost question is repeated, and a standstill brings a new one`() throws {
        var replica = try node(damaged(term: 1))
        replica.receive(.beat(), from: 2, term: 1)
        var sent = replica.tick() + replica.tick()
        #expect(sent.to(2) == [question(1)])
        replica.receive(answer(1, last: 5), from: 2, term: 1)
        sent = []
        for _ in 0..<8 { sent += replica.tick() }
        #expect(sent.to(2) == [question(2)])
    }

    // MARK: The leader

    @Test func `a leader believes no more what the damaged node had said`() throws {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        try replica.propose("a")
        _ = replica.settle()
        #expect(replica.status.matches.first?.match == LogIndex(1))
        let told = replica.receive(question(1), from: 2, term: 1)
        #expect(told.to(2).contains(answer(1, last: 2)))
        #expect(told.to(2).compactMap(\.appended).map(\.previous) == [position(2, 1)])
        #expect(replica.status.matches.first?.match == .zero)
        let back = replica.receive(
            .appendReply(.rejected(at: LogIndex(2), hint: .zero)), from: 2, term: 1)
        #expect(back.to(2).compactMap(\.appended).map(\.previous) == [.zero])
        replica.receive(.matched(2), from: 2, term: 1)
        #expect(replica.status.commit == LogIndex(2))
        replica.receive(question(1), from: 2, term: 1)
        #expect(replica.status.matches.first?.match == LogIndex(2), "the same question, repeated")
    }

    @Test func `a snapshot under way goes on, and is shown`() throws {
        var replica = try Replica.alone()
        replica.win()
        for text in ["a", "b"] { try replica.propose(text) }
        _ = replica.settle()
        replica.receive(.matched(3), from: 2, term: 1)
        replica.step(.compact(through: LogIndex(3)))
        let sent = replica.receive(.heartbeatReply(round: 0), from: 3, term: 1)
        #expect(sent.to(3).count == 1)
        #expect(replica.status.matches.last?.snapshot == LogIndex(3))
        let told = replica.receive(question(1), from: 3, term: 1)
        #expect(told.to(3) == [answer(1, last: 3)], "no second snapshot")
        #expect(replica.status.matches.last?.flow == .snapshot)
        replica.step(.unreachable(NodeID(3)))
        #expect(replica.settle().isEmpty, "the driver may resume it on another link")
    }

    @Test func `a node that does not lead has no answer`() throws {
        var replica = try node(Disk())
        #expect(replica.receive(question(1), from: 2, term: 0).isEmpty)
        replica.receive(.beat(), from: 2, term: 4)
        #expect(replica.receive(question(1), from: 3, term: 2).bodies == [.newerTerm])
    }

    @Test func `a whole log that is gone comes back, in the term in which it went`() throws {
        var group = try Group(of: 3) { $0.life = $0.id.rawValue }
        group.elect(1)
        for number in 0..<9 { try group.propose("\(number)", at: 1) }
        group[1].step(.compact(through: LogIndex(4)))
        group[3] = try Replica(group[3].configuration, disk: damaged(term: 1))
        try group.propose("later", at: 1)
        group.tickAll(6)
        #expect(!group[3].status.isRecovering)
        #expect(group[3].status.last == group[1].status.last)
        #expect(group[3].applied.last == group[1].applied.last)
        #expect(group[1].status.term == Term(1), "nobody was deposed for it")
    }
}
