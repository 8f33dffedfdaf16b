// Why a queue does not start.

package import Linux
package import Replication

package enum QueueError: Error, Sendable, CustomStringConvertible {
    /// The log, or the folder, cannot be used.
    case replication(ReplicationError)
    /// The state of a partition cannot be read; the text says which and why.
    case partition(String)
    /// The address cannot be listened on.
    case listen(SyscallError)

    package var description: String {
        switch self {
        case .replication(let error): "\(error)"
        case .partition(let reason): reason
        case .listen(let error): "\(error)"
        }
    }
}
