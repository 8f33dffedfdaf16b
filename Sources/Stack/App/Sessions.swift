// Who is signed in. Sessions live in the cache tier, never in an app's memory: that is what makes
// the apps interchangeable (a killed app signs nobody out; a flushed cache signs out everybody).

import Endpoints
import Linux
import Reactor

/// Who sends a request.
enum Visitor: Equatable {
    case user(Int)
    /// No token, or one that stands for no session (any more).
    case stranger
    /// A token, and no cache to ask about it.
    case unverified
}

/// Sessions in the shared cache.
@ReactorActor
struct Sessions {
    let cache: CacheTier
    let lifetime: Duration

    /// Starts a session and returns its token: 128 random bits.
    func start(user: Int) async throws(ClientError) -> String {
        var random = SystemRandomNumberGenerator()
        let token = [random.next(), random.next()].map { (bits: UInt64) in hexadecimal(bits) }
            .joined()
        try await cache.set("session:\(token)", String(user), lifetime: lifetime)
        return token
    }

    func visitor(with token: String?) async -> Visitor {
        guard let token else { return .stranger }
        do {
            // Signing in once more beats being turned away until a dead cache is back.
            guard let bytes = try await cache.get("session:\(token)", trustingGutter: true),
                let user = Int(String(decoding: bytes, as: UTF8.self))
            else { return .stranger }
            return .user(user)
        } catch {
            return .unverified
        }
    }

    private func hexadecimal(_ bits: UInt64) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
