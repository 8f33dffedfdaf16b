// How much may be under way: windows, batches and the bounds that push back.

import Testing

@testable import Raft

struct FlowTests {
    private func leader(_ change: (inout RaftConfiguration) -> Void) throws -> Replica {
        var configuration = RaftConfiguration.node(1, of: 3)
        change(&configuration)
        var replica = try Replica(configuration)
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        return replica
    }

    @Test func `a probe sends one append and waits`() throws {
        var replica = try leader { _ in }
        for text in ["a", "b"] {
            try replica.propose(text)
            #expect(replica.settle().to(3).isEmpty)
        }
        let resumed = replica.receive(.heartbeatReply(round: 0), from: 3, term: 1)
        #expect(resumed.to(3).compactMap(\.appended).map(\.previous) == [.zero])
    }

    @Test func `a stream goes on without answers, up to its window`() throws {
        var replica = try leader { $0.appendsInFlightMax = 3 }
        var sent = 0
        for number in 0..<10 {
            try replica.propose("\(number)")
            sent += replica.settle().to(2).count
        }
        #expect(sent == 3)
        let more = replica.receive(.matched(2), from: 2, term: 1).to(2).compactMap(\.appended)
        #expect(more.map(\.entries.count) == [7], "the rest in one message")
        #expect(more.map(\.commit) == [LogIndex(2)])
    }

    @Test func `appends are cut by bytes, and a large entry goes alone`() throws {
        var replica = try leader { $0.appendBytesMax = 100 }
        for size in [10, 10, 500, 10] {
            _ = try replica.node.propose([Array(repeating: 0, count: size)])
        }
        let counts = replica.settle().to(2).compactMap(\.appended).map(\.entries.count)
        #expect(counts == [2, 1, 1])
    }

    @Test func `a lost append in a stream is found by the next heartbeat's answer`() throws {
        var replica = try leader { _ in }
        try replica.propose("lost")
        _ = replica.settle()
        let asked = replica.receive(.heartbeatReply(round: 0), from: 2, term: 1)
        #expect(asked.to(2) == [.append(after: position(2, 1), commit: 1)])
        let again = replica.receive(
            .appendReply(.rejected(at: LogIndex(2), hint: position(1, 1))), from: 2, term: 1)
        #expect(again.to(2).compactMap(\.appended).map(\.previous) == [position(1, 1)])
        #expect(again.to(2).compactMap(\.appended).map(\.entries.count) == [1])
    }

    @Test func `a link that broke starts again from what was confirmed`() throws {
        var replica = try leader { _ in }
        try replica.propose("lost")
        _ = replica.settle()
        replica.step(.unreachable(NodeID(2)))
        #expect(replica.settle().to(2).compactMap(\.appended).map(\.previous) == [position(1, 1)])
    }

    @Test func `late refusals do not throw a stream back`() throws {
        var replica = try leader { _ in }
        try replica.propose("a")
        _ = replica.settle()
        replica.receive(.matched(2), from: 2, term: 1)
        let late = RaftMessage.Body.appendReply(
            .rejected(at: LogIndex(1), hint: position(0, 0)))
        #expect(replica.receive(late, from: 2, term: 1).isEmpty)
    }

    @Test func `a follower whose disk lost what it confirmed does not cause a flood`() throws {
        var group = try Group(of: 3)
        group.elect(1)
        try group.propose("a", at: 1)
        try group.propose("b", at: 1)
        group[3] = try Replica(group[3].configuration)
        group[1].step(.unreachable(NodeID(3)))
        group.tickAll(2)
        group.forgetDelivered()
        group.tickAll(10)
        #expect(group.delivered.count < 10 * 2 * 4, "a few messages a tick, and it ends at all")
        #expect(group[3].status.last == .zero)
        group.elect(2)
        group.tickAll(2)
        #expect(group[3].disk.entries == group[2].disk.entries)
    }

    @Test func `proposals beyond the bound are refused until some are committed`() throws {
        var replica = try leader { $0.uncommittedBytesMax = 200 }
        let command = [UInt8](repeating: 0, count: 76)
        _ = try replica.node.propose([command])
        _ = try replica.node.propose([command])
        #expect(throws: RaftRefusal.overloaded) { try replica.node.propose([command]) }
        #expect(replica.status.uncommittedBytes == 200)
        #expect(replica.status.last.index == LogIndex(3), "a refused proposal leaves no trace")
        _ = replica.settle()
        replica.receive(.matched(2), from: 2, term: 1)
        #expect(replica.status.uncommittedBytes == 100)
        _ = try replica.node.propose([command])
    }

    @Test func `one proposal above the bound is taken when nothing else is under way`() throws {
        var replica = try leader { $0.uncommittedBytesMax = 50 }
        _ = try replica.node.propose([Array(repeating: 0, count: 1000)])
        #expect(replica.status.last.index == LogIndex(2))
    }

    @Test func `a new leader counts what earlier leaders left uncommitted`() throws {
        var replica = try Replica.alone(term: 1, logTerms: [1, 1])
        replica.win()
        let bytes = replica.disk.entries.reduce(0) { $0 + $1.byteCount }
        #expect(replica.status.uncommittedBytes == bytes)
        replica.receive(.matched(3), from: 2, term: 2)
        #expect(replica.status.uncommittedBytes == 0)
    }

    @Test func `committed entries come in portions`() throws {
        var configuration = RaftConfiguration.node(1, of: 3)
        configuration.committedBytesMax = 60
        var replica = try Replica(configuration)
        replica.receive(
            .append(after: .zero, [1, 1, 1, 1, 1], commit: 5), from: 2, term: 1)
        #expect(replica.applied == entries(of: [1, 1, 1, 1, 1]))
        var again = try Replica(configuration, disk: replica.disk)
        again.step(
            .message(again.message(.append(after: position(5, 1), commit: 5), from: 2, term: 1)))
        #expect(again.takeReadies().map(\.committed.count).filter { $0 > 0 } == [2, 2, 1])
    }
}
