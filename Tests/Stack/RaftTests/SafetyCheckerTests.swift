// The judge is judged first: each promise has a history that breaks it, and one beside it that does not.

import Testing

@testable import Raft

struct SafetyCheckerTests {
    private func log(_ terms: [UInt64]) -> RaftLog {
        RaftLog(restored: RestoredState(entries: entries(of: terms)), toleratesLostCommits: false)
    }

    private func promiseBroken(by history: (inout SafetyChecker) throws -> Void) -> Promise? {
        var checker = SafetyChecker()
        do {
            try history(&checker)
            return nil
        } catch {
            return (error as? Violation)?.promise
        }
    }

    @Test func `two leaders of one term are rejected, of two terms are not`() {
        func history(_ term: UInt64) -> Promise? {
            promiseBroken { checker in
                try checker.didLead(NodeID(1), term: Term(1), log: log([]))
                try checker.didLead(NodeID(1), term: Term(1), log: log([1]))
                try checker.didLead(NodeID(2), term: Term(term), log: log([]))
            }
        }
        #expect(history(1) == .electionSafety)
        #expect(history(2) == nil)
    }

    @Test func `one position with two contents or two pasts is rejected`() {
        func history(_ payload: LogEntry.Payload, previous: UInt64) -> Promise? {
            promiseBroken { checker in
                try checker.didWrite(entry(3, 2), previousTerm: Term(1))
                try checker.didWrite(
                    LogEntry(index: LogIndex(3), term: Term(2), payload: payload),
                    previousTerm: Term(previous))
            }
        }
        #expect(history(.noOp, previous: 1) == .logMatching)
        #expect(history(entry(3, 2).payload, previous: 2) == .logMatching)
        #expect(history(entry(3, 2).payload, previous: 1) == nil)
    }

    @Test func `a later leader without a committed entry is rejected, an older one is not`() {
        func history(leads term: UInt64, _ terms: [UInt64]) -> Promise? {
            promiseBroken { checker in
                try checker.didCommit(position(2, 1), inTerm: Term(2))
                try checker.didLead(NodeID(3), term: Term(term), log: log(terms))
            }
        }
        #expect(history(leads: 3, [1]) == .leaderCompleteness)
        #expect(history(leads: 3, [1, 2]) == .leaderCompleteness)
        #expect(history(leads: 3, [1, 1]) == nil)
        #expect(history(leads: 1, [1]) == nil)
    }

    @Test func `two entries committed at one index are rejected`() {
        func history(_ term: UInt64) -> Promise? {
            promiseBroken { checker in
                try checker.didCommit(position(2, 1), inTerm: Term(1))
                try checker.didCommit(position(2, term), inTerm: Term(2))
            }
        }
        #expect(history(2) == .stateMachineSafety)
        #expect(history(1) == nil)
    }

    @Test func `the loss of an entry that a client was told of is called by its name`() {
        let promise = promiseBroken { checker in
            try checker.didCommit(position(2, 1), inTerm: Term(1))
            checker.didAcknowledge(position(2, 1))
            try checker.didCommit(position(2, 2), inTerm: Term(2))
        }
        #expect(promise == .acknowledgedEntriesStay)
    }

    @Test func `a read that misses an acknowledged entry is rejected, a concurrent one is not`() {
        func history(acknowledgedFirst: Bool) -> Promise? {
            promiseBroken { checker in
                if acknowledgedFirst { checker.didAcknowledge(position(5, 1)) }
                checker.didAskRead(ReadID(1))
                if !acknowledgedFirst { checker.didAcknowledge(position(5, 1)) }
                try checker.didAnswer(ReadState(id: ReadID(1), index: LogIndex(4)))
            }
        }
        #expect(history(acknowledgedFirst: true) == .linearizableReads)
        #expect(history(acknowledgedFirst: false) == nil)
    }

    @Test func `a read that is answered twice is rejected`() {
        let promise = promiseBroken { checker in
            checker.didAskRead(ReadID(1))
            try checker.didAnswer(ReadState(id: ReadID(1), index: LogIndex(4)))
            try checker.didAnswer(ReadState(id: ReadID(1), index: LogIndex(4)))
        }
        #expect(promise == .linearizableReads)
    }
}
