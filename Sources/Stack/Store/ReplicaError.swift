// Why a replica cannot start. Once it runs there is no such error: a disk that fails ends the
// process, because nothing it would say afterwards could be relied on.

package import Journal
package import Linux
package import Raft

package enum ReplicaError: Error, CustomStringConvertible {
    case journal(JournalError)
    case system(SyscallError)
    case state(StateError)
    case restore(RaftRestoreError)
    /// A record of the log has a good checksum and is no entry: another build's, or another file's.
    case malformedEntry(index: UInt64, RaftCodingError)
    /// The file of term and vote fails its checksum. Without it this replica could vote twice.
    case malformedHardState(path: String)

    package var description: String {
        switch self {
        case .journal(let error): error.description
        case .system(let error): error.description
        case .state(let error): error.description
        case .restore(let error): "the durable state contradicts itself: \(error)"
        case .malformedEntry(let index, let error): "log record \(index) is no entry: \(error)"
        case .malformedHardState(let path): "\(path) holds no term and vote"
        }
    }
}
