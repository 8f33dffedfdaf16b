// The promises of figure 3 of the Raft paper, judged from outside at each step of a simulation.
//
// Each check is incremental: it looks at what a node newly did, against all that any node ever did. What a
// node did is taken from its readies, its messages and its disk, never from its memory.

package import Raft

package struct SafetyChecker: Sendable {
    private var leaders: [Term: Leader] = [:]
    private var newestLeader = Term.zero
    private var votes: [Ballot: NodeID] = [:]
    /// All entries that were ever written, by index.
    private var written: [[Written]] = []
    /// What was called committed, by index; entry 1 is at place 0.
    private var committed: [Committed] = []
    private var digests: [UInt64?] = []
    /// Values that were written, and the entries that did it.
    private var executed: [UInt64: LogPosition] = [:]
    /// Configurations that were committed, ascending; the first is the one the group began with.
    private var configurations: [(index: LogIndex, membership: Membership)]

    private struct Leader {
        let node: NodeID
        /// The log with which it was elected.
        let log: ObservedLog
    }

    private struct Ballot: Hashable {
        let voter: NodeID
        let term: Term
    }

    private struct Written {
        let term: Term
        let payload: LogEntry.Payload
        let previousTerm: Term
    }

    private struct Committed {
        let term: Term
        /// The term of the node that was the first to call it committed.
        let inTerm: Term
    }

    /// Counts what was judged, so that a run in which nothing happened cannot pass.
    package private(set) var elections = 0
    package var commits: Int { committed.count }
    package var changes: Int { configurations.count - 1 }
    package var jointChanges: Int { configurations.count { $0.membership.isJoint } }

    /// The group begins with these members.
    package init(initial: Membership = .joining) {
        configurations = [(.zero, initial)]
    }

    // MARK: Elections

    package mutating func didVote(
        _ voter: NodeID, for candidate: NodeID, in term: Term
    ) throws(Violation) {
        let ballot = Ballot(voter: voter, term: term)
        guard let earlier = votes.updateValue(candidate, forKey: ballot), earlier != candidate
        else { return }
        throw Violation(
            .oneVoteATerm, "\(voter) votes for \(earlier) and for \(candidate) in term \(term)")
    }

    /// Judges an election; true when nobody was seen to lead the term before.
    @discardableResult
    package mutating func didLead(
        _ node: NodeID, term: Term, log: ObservedLog
    ) throws(Violation) -> Bool {
        if let other = leaders[term]?.node, other != node {
            throw Violation(.electionSafety, "\(other) and \(node) both lead term \(term)")
        }
        guard leaders[term] == nil else { return false }
        guard Electorate(membership: log.membership).isQuorum({ hasVote(of: $0, for: node, term) })
        else {
            throw Violation(.quorum, "\(node) leads term \(term) without the votes of a quorum")
        }
        leaders[term] = Leader(node: node, log: log)
        newestLeader = max(newestLeader, term)
        elections += 1
        guard log.base.index.rawValue < committed.count else { return true }
        for place in Int(log.base.index.rawValue)..<committed.count
        where committed[place].inTerm < term {
            let index = LogIndex(UInt64(place) + 1)
            try complete(node, term, log, LogPosition(index: index, term: committed[place].term))
        }
        return true
    }

    private func hasVote(of voter: NodeID, for node: NodeID, _ term: Term) -> Bool {
        votes[Ballot(voter: voter, term: term)] == node
    }

    private func complete(
        _ node: NodeID, _ term: Term, _ log: ObservedLog, _ position: LogPosition
    ) throws(Violation) {
        guard position.index > log.base.index, log.term(at: position.index) != position.term
        else { return }
        throw Violation(
            .leaderCompleteness, "\(node) leads term \(term) without committed entry \(position)")
    }

    // MARK: Logs

    package mutating func didWrite(_ entry: LogEntry, behind previous: Term) throws(Violation) {
        let place = Int(entry.index.rawValue) - 1
        while written.count <= place { written.append([]) }
        if let known = written[place].first(where: { $0.term == entry.term }) {
            guard known.payload == entry.payload, known.previousTerm == previous else {
                throw Violation(.logMatching, "\(entry.position) names two entries")
            }
            return
        }
        written[place].append(
            Written(term: entry.term, payload: entry.payload, previousTerm: previous))
    }

    /// Judges a commit; true when no node called this entry committed before.
    package mutating func didCommit(
        _ position: LogPosition, by node: NodeID, inTerm term: Term
    ) throws(Violation) -> Bool {
        let place = Int(position.index.rawValue) - 1
        if place < committed.count {
            guard committed[place].term != position.term else { return false }
            throw Violation(
                .stateMachineSafety,
                "\(position.index)@\(committed[place].term) was committed, now \(node) commits "
                    + "\(position)")
        }
        guard place == committed.count else {
            throw Violation(
                .stateMachineSafety,
                "\(node) commits \(position), and \(committed.count) is the last before it")
        }
        committed.append(Committed(term: position.term, inTerm: term))
        try noteContents(of: position)
        if newestLeader > term {
            for (later, leader) in leaders where later > term {
                try complete(leader.node, later, leader.log, position)
            }
        }
        return true
    }

    private mutating func noteContents(of position: LogPosition) throws(Violation) {
        let place = Int(position.index.rawValue) - 1
        guard place < written.count,
            let entry = written[place].first(where: { $0.term == position.term })
        else { return }
        switch entry.payload {
        case .noOp: break
        case .configuration(let membership):
            configurations.append((position.index, membership))
        case .command(let bytes):
            guard let write = WriteCommand(bytes),
                let earlier = executed.updateValue(position, forKey: write.value)
            else { return }
            throw Violation(
                .atMostOnce, "\(write.key) = \(write.value) is in \(earlier) and in \(position)")
        }
    }

    // MARK: State machines

    /// Judges the configuration that a snapshot carries.
    package func didInstall(
        _ snapshot: SnapshotDescriptor, by node: NodeID
    ) throws(Violation) {
        let known = configurations.last { $0.index <= snapshot.index }
        guard let known, known.membership != snapshot.membership else { return }
        throw Violation(
            .stateMachineSafety,
            "\(node) installs a snapshot through \(snapshot.position) with other members than "
                + "were committed")
    }

    /// Judges the state that a node has after an entry, or after a snapshot that ends there.
    package mutating func didApply(
        _ position: LogPosition, by node: NodeID, digest: UInt64
    ) throws(Violation) {
        let place = Int(position.index.rawValue) - 1
        guard place < committed.count, committed[place].term == position.term else {
            throw Violation(
                .stateMachineSafety, "\(node) applies \(position), which was not committed")
        }
        while digests.count <= place { digests.append(nil) }
        guard let known = digests[place] else { return digests[place] = digest }
        guard known != digest else { return }
        throw Violation(
            .stateMachineSafety, "\(node) has another state after \(position) than others")
    }
}
