// Why bytes stopped moving.

package import Linux

/// What ends a stream, a connect or an accept.
package enum TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// This side closed it, or waited on what was closed already.
    case closed
    /// The deadline passed first; the stream itself may still be fine.
    case timedOut
    /// Nobody listens there.
    case refused
    /// The peer, or a device on the way, broke the stream.
    case reset
    /// The kernel refused for another reason.
    case system(SyscallError)

    init(_ error: SyscallError) {
        switch error.errno {
        case .connectionRefused: self = .refused
        case .connectionReset, .brokenPipe: self = .reset
        case .timedOut: self = .timedOut
        default: self = .system(error)
        }
    }

    package var description: String {
        switch self {
        case .closed: "closed"
        case .timedOut: "timed out"
        case .refused: "connection refused"
        case .reset: "connection reset"
        case .system(let error): error.description
        }
    }
}
