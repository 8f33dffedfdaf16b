// Why a command has no result, as the first word of an error tells it.

import Linux
import Raft

enum QueueRefusal: Error, Equatable {
    /// Certainly not executed; nil while nobody knows who leads.
    case notLeader(NodeID?)
    /// Certainly not executed.
    case unavailable(String)
    /// Certainly not executed; there is no room.
    case overloaded(String)
    /// Executed or not.
    case unknown(String)
    /// Somebody else has what was asked for.
    case fenced(String)
    /// The sequence number is older than what is remembered.
    case forgotten
    case wrongPartition
    case syntax(String)

    init(_ refusal: PartitionRefusal) {
        switch refusal {
        case .overloaded(let reason): self = .overloaded(reason)
        case .fenced(let reason): self = .fenced(reason)
        case .forgotten: self = .forgotten
        case .invalid(let reason): self = .syntax(reason)
        }
    }

    init(_ refusal: RaftRefusal) {
        switch refusal {
        case .notLeader(let leader): self = .notLeader(leader)
        case .transferring(let target): self = .notLeader(target)
        case .overloaded: self = .overloaded("too many commands are under way")
        case .notVoter, .membership: self = .unavailable("the members cannot be changed so")
        }
    }

    /// Without the address that `NOTLEADER` goes on with.
    var text: String {
        switch self {
        case .notLeader: "NOTLEADER"
        case .unavailable(let why): "UNAVAILABLE \(why)"
        case .overloaded(let why): "OVERLOADED \(why)"
        case .unknown(let why): "UNKNOWN \(why)"
        case .fenced(let why): "FENCED \(why)"
        case .forgotten: "FORGOTTEN the sequence number is below the window"
        case .wrongPartition: "WRONGPARTITION no such partition"
        case .syntax(let what): "ERR \(what)"
        }
    }
}
