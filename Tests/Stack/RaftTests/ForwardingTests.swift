// Proposals that a follower hands to its leader: taken once at most, never sent again.

import Testing

@testable import Raft

struct ForwardingTests {
    private func configuration(_ id: UInt64 = 1) -> RaftConfiguration {
        var configuration = RaftConfiguration.node(id, of: 3)
        configuration.life = 100
        return configuration
    }

    private func follower() throws -> Replica {
        var replica = try Replica(configuration())
        replica.receive(.beat(), from: 2, term: 1)
        return replica
    }

    private func leader() throws -> Replica {
        var replica = try Replica.alone()
        replica.win()
        replica.receive(.matched(1), from: 2, term: 1)
        return replica
    }

    private func ticket(_ number: UInt64, life: UInt64 = 100) -> Ticket {
        Ticket(life: life, number: number)
    }

    private func propose(_ number: UInt64, life: UInt64 = 100) -> RaftMessage.Body {
        .propose(ForwardedCommands(ticket: ticket(number, life: life), commands: [[7]]))
    }

    private func answer(_ number: UInt64, index: UInt64?) -> RaftMessage.Body {
        let receipt = index.map {
            ProposalReceipt(term: Term(1), first: LogIndex($0), last: LogIndex($0))
        }
        return .proposalAnswer(ProposalAnswer(ticket: ticket(number), receipt: receipt))
    }

    private func outcomes(_ replica: inout Replica) -> [ForwardedProposal.Outcome] {
        replica.takeReadies().flatMap(\.forwarded).map(\.outcome)
    }

    @Test func `a follower's proposal is appended by the leader`() throws {
        var group = try Group(of: 3) { $0.life = $0.id.rawValue }
        group.elect(1)
        _ = try group[3].node.forward([[7], [8]])
        group.settle()
        let commands = group[3].applied.map(\.payload)
        #expect(commands.suffix(2) == [.command([7]), .command([8])])
    }

    @Test func `the answer says where it stands`() throws {
        var replica = try leader()
        let sent = replica.receive(propose(1), from: 3, term: 1)
        #expect(sent.to(3).contains(answer(1, index: 2)))
        var asking = try follower()
        let name = try asking.node.forward([[7]])
        #expect(name == ticket(1))
        #expect(asking.settle().to(2) == [propose(1)])
        asking.step(.message(asking.message(answer(1, index: 2), from: 2, term: 1)))
        let receipt = ProposalReceipt(term: Term(1), first: LogIndex(2), last: LogIndex(2))
        #expect(outcomes(&asking) == [.appended(receipt)])
    }

    @Test func `a message that the network repeats is executed once`() throws {
        var replica = try leader()
        replica.receive(propose(1), from: 3, term: 1)
        let again = replica.receive(propose(1), from: 3, term: 1)
        #expect(again.isEmpty, "and is not answered: the first answer was the truth")
        #expect(replica.status.last.index == LogIndex(2))
        replica.receive(propose(2), from: 3, term: 1)
        #expect(replica.status.last.index == LogIndex(3))
    }

    @Test func `one that was overtaken is dropped`() throws {
        var replica = try leader()
        replica.receive(propose(2), from: 3, term: 1)
        #expect(replica.receive(propose(1), from: 3, term: 1).isEmpty)
        #expect(replica.status.last.index == LogIndex(2))
    }

    @Test func `lives and peers have numbers of their own`() throws {
        var replica = try leader()
        replica.receive(propose(1, life: 100), from: 3, term: 1)
        replica.receive(propose(1, life: 200), from: 3, term: 1)
        replica.receive(propose(1, life: 100), from: 2, term: 1)
        #expect(replica.status.last.index == LogIndex(4))
        replica.receive(propose(1, life: 100), from: 3, term: 1)
        #expect(replica.status.last.index == LogIndex(4), "late, from the life before")
    }

    @Test func `a leader remembers a bounded number of lives`() {
        var taken = TakenTickets()
        let lives = (1...65 as ClosedRange<UInt64>).map { life in
            taken.take(ticket(1, life: life), of: NodeID(3))
        }
        #expect(lives == Array(repeating: true, count: 64) + [false])
        let later = taken.take(ticket(2, life: 64), of: NodeID(3))
        let other = taken.take(ticket(1, life: 65), of: NodeID(2))
        #expect(later && other)
    }

    @Test func `one that arrives in a later term is not executed`() throws {
        var replica = try leader()
        replica.receive(.newerTerm, from: 2, term: 2)
        replica.win()
        let last = replica.status.last
        #expect(replica.receive(propose(1), from: 3, term: 1).bodies == [.newerTerm])
        #expect(replica.status.last == last)
    }

    @Test func `a node that does not lead takes nothing`() throws {
        var replica = try follower()
        #expect(replica.receive(propose(1), from: 3, term: 1).isEmpty)
        #expect(replica.status.last == .zero)
    }

    @Test func `a leader that refuses says so, and then it was not executed`() throws {
        var replica = try leader()
        replica.step(.transferLeadership(to: NodeID(2)))
        let refused = replica.receive(propose(1), from: 3, term: 1)
        #expect(refused.to(3).contains(answer(1, index: nil)))
        #expect(replica.status.last.index == LogIndex(1))
        var asking = try follower()
        _ = try asking.node.forward([[7]])
        _ = asking.settle()
        asking.step(.message(asking.message(answer(1, index: nil), from: 2, term: 1)))
        #expect(outcomes(&asking) == [.refused])
    }

    @Test func `without an answer the outcome is unknown, and nothing is sent again`() throws {
        var replica = try follower()
        _ = try replica.node.forward([[7]])
        var sent = replica.settle()
        for _ in 0..<11 {
            replica.step(.tick(count: 1))
            replica.step(.message(replica.message(.beat(), from: 2, term: 1)))
            if replica.node.forwardedProposals.count > 0 { sent += replica.settle() }
        }
        #expect(outcomes(&replica) == [.unknown])
        sent += replica.settle()
        #expect(sent.bodies.count { $0 == propose(1) } == 1)
        replica.step(.message(replica.message(answer(1, index: 2), from: 2, term: 1)))
        #expect(outcomes(&replica).isEmpty, "the answer comes too late to count")
    }

    @Test func `when the leader is gone the outcome is unknown`() throws {
        var replica = try follower()
        _ = try replica.node.forward([[7]])
        _ = replica.settle()
        replica.step(.message(replica.message(.beat(), from: 3, term: 2)))
        #expect(outcomes(&replica) == [.unknown])
    }

    @Test func `a leader that is told to forward proposes`() throws {
        var replica = try Replica(configuration())
        replica.win()
        _ = try replica.node.forward([[7]])
        let receipt = ProposalReceipt(term: Term(1), first: LogIndex(2), last: LogIndex(2))
        #expect(outcomes(&replica) == [.appended(receipt)])
    }

    @Test func `a follower without a leader refuses, and so does one with too much under way`()
        throws
    {
        var lonely = try Replica(configuration())
        #expect(throws: RaftRefusal.notLeader(leader: nil)) { try lonely.node.forward([[7]]) }
        var configuration = configuration()
        configuration.forwardsMax = 1
        var replica = try Replica(configuration)
        replica.receive(.beat(), from: 2, term: 1)
        _ = try replica.node.forward([[7]])
        #expect(throws: RaftRefusal.overloaded) { try replica.node.forward([[7]]) }
    }
}
