// What a run must keep, and what is said when it does not.
//
// Five promises are those of figure 3 of the Raft paper, one is what clients see, one is that the group
// comes back. The rest are steps of the paper's argument: they break earlier than what depends on them, a
// crash or an election before anybody could notice, and so need far fewer seeds to be seen broken.

package enum Promise: String, Hashable, Sendable, CaseIterable {
    /// At most one leader in a term.
    case electionSafety = "election safety"
    /// A leader never changes or removes entries of its own log.
    case leaderAppendOnly = "leader append-only"
    /// An index and a term name one entry, and one prefix before it.
    case logMatching = "log matching"
    /// An entry committed in some term is in the logs of the leaders of all later terms.
    case leaderCompleteness = "leader completeness"
    /// No two nodes ever commit or apply different entries at an index, and none applies one early.
    case stateMachineSafety = "state-machine safety"
    /// Clients see registers that each operation reads or writes at one instant while it lasts.
    case linearizability = "linearizability"
    /// Once all faults are over, the group elects a leader, commits, and agrees.
    case progress = "progress"

    /// A node votes for one candidate a term, also over restarts (paper, 5.2).
    case oneVoteATerm = "one vote a term"
    /// What a message confirms is on the sender's disk (paper, figure 2: persistent state).
    case durability = "durability"
    /// What is called committed is on the disks of a quorum (paper, 5.3).
    case quorum = "quorum"
    /// A node acts by the newest configuration in its log, committed or not (paper, 6).
    case configuration = "configuration in force"
    /// What a client asked for once is executed once at most, however often messages are repeated.
    case atMostOnce = "at most once"
    /// A replica's state is no older than it says.
    case staleness = "bounded staleness"
    /// A message that was encoded and decoded again is the same message.
    case coding = "message coding"
}

/// A broken promise.
package struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    package let promise: Promise
    package let detail: String

    init(_ promise: Promise, _ detail: String) {
        self.promise = promise
        self.detail = detail
    }

    package var description: String { "\(promise.rawValue): \(detail)" }
}
