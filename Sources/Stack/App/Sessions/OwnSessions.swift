// Sessions in the memory of this one process: what the article's crucial rule forbids. They are gone
// with the process, and no other app knows them. A token begins with the app's name, by which a balancer that
// is told to (`policy: sticky`) finds the way back.

import Collections
import Linux
import Reactor

@ReactorActor
final class OwnSessions: Sessions {
    private let name: String
    private let lifetime: Duration
    private let countMax: Int
    private var users: [String: (user: Int, end: MonotonicTime)] = [:]
    /// By their ends, which come in the order of the sign-ins.
    private var tokens = FIFO<String>()

    /// Past `countMax` the oldest sessions go.
    init(_ name: String, lifetime: Duration, countMax: Int = 100_000) {
        precondition(countMax > 0, "somebody must be able to sign in")
        self.name = name
        self.lifetime = lifetime
        self.countMax = countMax
    }

    var count: Int { users.count }

    func start(user: Int, deadline: MonotonicTime) async throws(DependencyError) -> String {
        let now = MonotonicTime.now()
        while let oldest = tokens.first, users.count >= countMax || hasEnded(oldest, now) {
            _ = tokens.popFirst()
            users[oldest] = nil
        }
        let token = "\(name)~\(SessionToken.fresh())"
        users[token] = (user, now + lifetime)
        tokens.append(token)
        return token
    }

    func visitor(with token: String, deadline: MonotonicTime) async -> Visitor {
        guard let session = users[token], session.end > .now() else { return .stranger }
        return .user(session.user)
    }

    private func hasEnded(_ token: String, _ now: MonotonicTime) -> Bool {
        users[token].map { $0.end <= now } ?? true
    }
}
