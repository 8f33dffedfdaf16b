// The judge is judged first: each promise has a history that breaks it, and one beside it that does not.

import Raft
import Testing

@testable import RaftSimulator

struct SafetyCheckerTests {
    private func position(_ index: UInt64, _ term: UInt64) -> LogPosition {
        LogPosition(index: LogIndex(index), term: Term(term))
    }

    private func entry(_ index: UInt64, _ term: UInt64, _ text: String = "") -> LogEntry {
        LogEntry(index: LogIndex(index), term: Term(term), payload: .command(Array(text.utf8)))
    }

    private func log(_ terms: [UInt64], base: LogPosition = .zero) -> ObservedLog {
        ObservedLog(
            base: base, terms: terms.map { Term($0) },
            membership: Membership(voters: (1...3).map { NodeID($0) }))
    }

    private func broken(by history: (inout SafetyChecker) throws -> Void) -> Promise? {
        var checker = SafetyChecker(initial: Membership(voters: (1...3).map { NodeID($0) }))
        do {
            try history(&checker)
            return nil
        } catch {
            return (error as? Violation)?.promise
        }
    }

    /// Lets a node lead with the votes of itself and another one.
    private func lead(
        _ checker: inout SafetyChecker, _ node: UInt64, _ term: UInt64, _ log: ObservedLog,
        voters: [UInt64] = [1, 2, 3]
    ) throws {
        for voter in voters where voter == node || voter == node % 3 + 1 {
            try checker.didVote(NodeID(voter), for: NodeID(node), in: Term(term))
        }
        try checker.didLead(NodeID(node), term: Term(term), log: log)
    }

    @Test func `two leaders of one term are rejected, of two terms are not`() {
        func history(_ term: UInt64) -> Promise? {
            broken { checker in
                try lead(&checker, 1, 1, log([]))
                try lead(&checker, 1, 1, log([1]))
                try lead(&checker, 2, term, log([]), voters: term == 1 ? [] : [2, 3])
            }
        }
        #expect(history(1) == .electionSafety)
        #expect(history(2) == nil)
    }

    @Test func `a leader without the votes of a quorum is rejected, while joint of either side`() {
        func history(_ voters: [UInt64], _ outgoing: [UInt64] = []) -> Promise? {
            broken { checker in
                for voter in voters {
                    try checker.didVote(NodeID(voter), for: NodeID(1), in: Term(2))
                }
                let membership = Membership(
                    voters: [NodeID(1), NodeID(2), NodeID(3)], outgoing: outgoing.map { NodeID($0) }
                )
                try checker.didLead(
                    NodeID(1), term: Term(2), log: ObservedLog(membership: membership))
            }
        }
        #expect(history([1]) == .quorum)
        #expect(history([1, 4, 5]) == .quorum)
        #expect(history([1, 2]) == nil)
        #expect(history([1, 2], [1, 4, 5]) == .quorum)
        #expect(history([1, 2, 4], [1, 4, 5]) == nil)
    }

    @Test func `two votes of one node in one term are rejected, the same vote again is not`() {
        func history(_ candidate: UInt64, _ term: UInt64) -> Promise? {
            broken { checker in
                try checker.didVote(NodeID(1), for: NodeID(2), in: Term(4))
                try checker.didVote(NodeID(3), for: NodeID(3), in: Term(4))
                try checker.didVote(NodeID(1), for: NodeID(candidate), in: Term(term))
            }
        }
        #expect(history(3, 4) == .oneVoteATerm)
        #expect(history(3, 5) == nil)
        #expect(history(2, 4) == nil)
    }

    @Test func `one position with two contents or two pasts is rejected`() {
        func history(_ text: String, previous: UInt64) -> Promise? {
            broken { checker in
                try checker.didWrite(entry(3, 2, "a"), behind: Term(1))
                try checker.didWrite(entry(3, 2, text), behind: Term(previous))
            }
        }
        #expect(history("b", previous: 1) == .logMatching)
        #expect(history("a", previous: 2) == .logMatching)
        #expect(history("a", previous: 1) == nil)
    }

    private func committed(
        _ checker: inout SafetyChecker, _ terms: [UInt64], in term: UInt64
    ) throws {
        for (place, entryTerm) in terms.enumerated() {
            _ = try checker.didCommit(
                position(UInt64(place) + 1, entryTerm), by: NodeID(1), inTerm: Term(term))
        }
    }

    @Test func `a later leader without a committed entry is rejected, an older one is not`() {
        func history(leads term: UInt64, _ terms: [UInt64]) -> Promise? {
            broken { checker in
                try committed(&checker, [1, 1], in: 2)
                try lead(&checker, 3, term, log(terms))
            }
        }
        #expect(history(leads: 3, [1]) == .leaderCompleteness)
        #expect(history(leads: 3, [1, 2]) == .leaderCompleteness)
        #expect(history(leads: 3, [1, 1]) == nil)
        #expect(history(leads: 1, [1]) == nil)
    }

    @Test func `an entry that is committed after a later leader was elected must be in its log`() {
        func history(commitTerm: UInt64, _ terms: [UInt64]) -> Promise? {
            broken { checker in
                try lead(&checker, 3, 3, log(terms))
                try committed(&checker, [1, 1], in: commitTerm)
            }
        }
        #expect(history(commitTerm: 2, [1]) == .leaderCompleteness)
        #expect(history(commitTerm: 2, [1, 1]) == nil)
        #expect(history(commitTerm: 4, [1]) == nil)
    }

    @Test func `what a snapshot covers is not missing`() {
        let promise = broken { checker in
            try committed(&checker, [1, 1], in: 2)
            try lead(&checker, 3, 3, log([2], base: position(2, 1)))
        }
        #expect(promise == nil)
    }

    @Test func `two entries committed at one index are rejected, and so is a gap`() {
        func history(_ index: UInt64, _ term: UInt64) -> Promise? {
            broken { checker in
                try committed(&checker, [1, 1], in: 1)
                _ = try checker.didCommit(position(index, term), by: NodeID(2), inTerm: Term(2))
            }
        }
        #expect(history(2, 2) == .stateMachineSafety)
        #expect(history(4, 2) == .stateMachineSafety)
        #expect(history(2, 1) == nil)
        #expect(history(3, 2) == nil)
    }

    @Test func `applying what is not committed, or differently, is rejected`() {
        func history(_ index: UInt64, _ term: UInt64, digest: UInt64) -> Promise? {
            broken { checker in
                try committed(&checker, [1, 1], in: 1)
                try checker.didApply(position(1, 1), by: NodeID(1), digest: 10)
                try checker.didApply(position(index, term), by: NodeID(2), digest: digest)
            }
        }
        #expect(history(1, 1, digest: 11) == .stateMachineSafety)
        #expect(history(1, 2, digest: 10) == .stateMachineSafety)
        #expect(history(3, 1, digest: 12) == .stateMachineSafety)
        #expect(history(1, 1, digest: 10) == nil)
        #expect(history(2, 1, digest: 12) == nil)
    }
}
