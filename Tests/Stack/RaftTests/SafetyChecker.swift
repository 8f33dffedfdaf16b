// The promises of figure 3 of the Raft paper, judged from outside at each step of a simulation.
//
// Each check is incremental: it looks at what a node newly did, against all that any node ever did.
// SafetyCheckerTests shows that each one rejects a history that breaks its promise.

@testable import Raft

enum Promise: Hashable {
    /// At most one leader in a term.
    case electionSafety
    /// An index and a term name one entry, and one prefix before it.
    case logMatching
    /// An entry committed in some term is in the logs of the leaders of all later terms.
    case leaderCompleteness
    /// No two nodes ever commit or apply different entries at an index.
    case stateMachineSafety
    /// An entry that a client was told of stays. Breaks only together with one of the above.
    case acknowledgedEntriesStay
    /// A read sees all that was acknowledged before it was asked for.
    case linearizableReads
    /// Once all faults are over, the group elects a leader and commits.
    case progress
}

struct Violation: Error, CustomStringConvertible {
    let promise: Promise
    let detail: String

    var description: String { "\(promise): \(detail)" }
}

struct SafetyChecker {
    private var leaders: [Term: NodeID] = [:]
    private var written: [LogPosition: Written] = [:]
    private(set) var committed: [LogIndex: Committed] = [:]
    private(set) var acknowledged: [LogIndex: LogPosition] = [:]
    private(set) var lastAcknowledged = LogIndex.zero
    private var readFloors: [ReadID: LogIndex] = [:]

    private struct Written {
        let payload: LogEntry.Payload
        let previousTerm: Term
    }

    struct Committed {
        let position: LogPosition
        /// The term of the node that was the first to call it committed.
        let inTerm: Term
    }

    /// Counts what was judged, so that a run in which nothing happened cannot pass.
    private(set) var elections = 0
    private(set) var readsJudged = 0

    // MARK: Judging

    mutating func didLead(_ node: NodeID, term: Term, log: RaftLog) throws(Violation) {
        if let other = leaders[term], other != node {
            throw Violation(
                promise: .electionSafety, detail: "\(other) and \(node) both lead term \(term)")
        }
        if leaders.updateValue(node, forKey: term) == nil { elections += 1 }
        for entry in committed.values
        where entry.inTerm < term && entry.position.index > log.base.index {
            guard log.term(at: entry.position.index) != entry.position.term else { continue }
            throw lost(
                entry.position, else: .leaderCompleteness,
                detail: "\(node) leads term \(term) without \(entry.position)")
        }
    }

    mutating func didWrite(_ entry: LogEntry, previousTerm: Term) throws(Violation) {
        let news = Written(payload: entry.payload, previousTerm: previousTerm)
        guard let known = written.updateValue(news, forKey: entry.position) else { return }
        guard known.payload == news.payload, known.previousTerm == news.previousTerm else {
            throw Violation(promise: .logMatching, detail: "\(entry.position) names two entries")
        }
    }

    mutating func didCommit(_ position: LogPosition, inTerm term: Term) throws(Violation) {
        guard let known = committed[position.index] else {
            committed[position.index] = Committed(position: position, inTerm: term)
            return
        }
        guard known.position != position else { return }
        throw lost(
            known.position, else: .stateMachineSafety,
            detail: "\(known.position) was committed, and now \(position) is")
    }

    mutating func didAcknowledge(_ position: LogPosition) {
        acknowledged[position.index] = position
        lastAcknowledged = max(lastAcknowledged, position.index)
    }

    mutating func didAskRead(_ id: ReadID) { readFloors[id] = lastAcknowledged }

    mutating func didAnswer(_ read: ReadState) throws(Violation) {
        readsJudged += 1
        guard let floor = readFloors.removeValue(forKey: read.id) else {
            throw Violation(promise: .linearizableReads, detail: "\(read.id) was answered twice")
        }
        guard read.index >= floor else {
            throw Violation(
                promise: .linearizableReads,
                detail: "read \(read.id) sees \(read.index), \(floor) was acknowledged before")
        }
    }

    private func lost(
        _ position: LogPosition, else promise: Promise, detail: String
    ) -> Violation {
        let wasAcknowledged = acknowledged[position.index] == position
        return Violation(
            promise: wasAcknowledged ? .acknowledgedEntriesStay : promise, detail: detail)
    }
}
