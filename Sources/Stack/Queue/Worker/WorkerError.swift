// Why a worker does not start.

package import Linux

package enum WorkerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Every delivery would run out before its work is over and be delivered again without end.
    case visibilityTooShort(visibility: Duration, work: Duration)
    /// The address of its health checks cannot be listened on.
    case listen(SyscallError)

    package var description: String {
        switch self {
        case .visibilityTooShort(let visibility, let work):
            "a visibility of \(visibility) does not outlast work of \(work)"
        case .listen(let error): "\(error)"
        }
    }
}
