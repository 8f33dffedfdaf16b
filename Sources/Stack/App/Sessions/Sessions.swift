// Who is signed in. Where that is kept decides whether the apps are interchangeable: in the shared
// cache or the shared store a killed app signs nobody out; in an app's own memory it signs out
// everybody who came to it.

import Linux
import Reactor

/// Who sends a request.
enum Visitor: Equatable {
    case user(Int)
    /// No token, or one that stands for no session (any more).
    case stranger
    /// A token, and nobody to ask about it.
    case unverified
}

/// The sessions of all users, wherever they are kept.
@ReactorActor
protocol Sessions {
    /// Starts a session and returns its token.
    func start(user: Int, deadline: MonotonicTime) async throws(DependencyError) -> String

    /// Whose token it is.
    func visitor(with token: String, deadline: MonotonicTime) async -> Visitor
}

enum SessionToken {
    /// 128 random bits: nobody guesses one.
    static func fresh() -> String {
        var random = SystemRandomNumberGenerator()
        return [random.next(), random.next()].map { (bits: UInt64) in hexadecimal(bits) }.joined()
    }

    private static func hexadecimal(_ bits: UInt64) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
