// What a failed call says about the server's state. The difference between "certainly not done" and
// "nobody knows" decides whether a retry is safe and what a recorded history may claim, so no
// caller ever has to guess it from a text.

package import Reactor

/// A call that brought no usable answer.
package enum ClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing reached the server: the call certainly did not happen.
    case unreachable(TransportError)
    /// The call was sent and its answer never came: it may or may not have happened.
    case unanswered(TransportError)
    /// The server sent what the protocol does not allow.
    case malformed

    /// True when the call certainly had no effect.
    package var isWithoutEffect: Bool {
        switch self {
        case .unreachable: true
        case .unanswered, .malformed: false
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let cause): "unreachable: \(cause)"
        case .unanswered(let cause): "unanswered: \(cause)"
        case .malformed: "malformed answer"
        }
    }
}
