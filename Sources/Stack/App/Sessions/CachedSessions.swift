// Sessions in the shared cache, which forgets them by itself when their time is over. A flushed cache
// signs out everybody.

import Endpoints
import Linux
import Reactor

@ReactorActor
struct CachedSessions: Sessions {
    let cache: CacheTier
    let lifetime: Duration

    func start(user: Int, deadline: MonotonicTime) async throws(DependencyError) -> String {
        let token = SessionToken.fresh()
        do {
            try await cache.set("session:\(token)", String(user), lifetime: lifetime)
        } catch {
            throw .unavailable("sessions cannot be kept: \(error)")
        }
        return token
    }

    func visitor(with token: String, deadline: MonotonicTime) async -> Visitor {
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
}
