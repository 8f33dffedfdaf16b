// Why a queue does not start.

package import Journal
package import Linux
package import Wire

package enum QueueError: Error, Sendable, CustomStringConvertible {
    /// The log is damaged, locked, or cannot be written.
    case journal(JournalError)
    /// A record whose checksum holds is not one that this build knows: another version wrote it.
    case record(index: UInt64, ByteReaderError)
    /// The address cannot be listened on.
    case listen(SyscallError)

    package var description: String {
        switch self {
        case .journal(let error): "\(error)"
        case .record(let index, let error):
            "record \(index) is not readable: \(error.reason) at byte \(error.offset)"
        case .listen(let error): "\(error)"
        }
    }
}
