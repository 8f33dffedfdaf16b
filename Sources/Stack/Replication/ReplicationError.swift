// Why a host cannot start. Once it runs there is no such error: a disk that fails ends the process,
// because nothing it would say afterwards could be relied on.

package import Journal
package import Linux
package import Raft

package enum ReplicationError: Error, CustomStringConvertible {
    /// The shared log; for damage the error names segment and offset.
    case journal(JournalError)
    case system(SyscallError)
    /// A group's state machine.
    case state(group: GroupID, any Error)
    case restore(group: GroupID, RaftRestoreError)
    /// A record has a good checksum and no meaning: another build's, or another file's.
    case malformedRecord(index: UInt64, kind: UInt8)
    /// Records of a group whose first one is not there.
    case unfounded(group: GroupID)
    /// A hole in a group's log.
    case missingEntry(group: GroupID, index: LogIndex)

    package var description: String {
        switch self {
        case .journal(.corrupt(let segment, let offset)):
            "the log is damaged: \(segment) at byte \(offset); entries that were acknowledged may"
                + " be lost"
        case .journal(let error): error.description
        case .system(let error): error.description
        case .state(let group, let error): "state of group \(group): \(error)"
        case .restore(let group, let error):
            "the durable state of group \(group) contradicts itself: \(error)"
        case .malformedRecord(let index, let kind):
            "log record \(index) of kind \(kind) has no meaning"
        case .unfounded(let group): "the log does not say how group \(group) was founded"
        case .missingEntry(let group, let index): "group \(group) has no entry \(index)"
        }
    }
}
