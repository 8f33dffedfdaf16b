// Sessions as rows of their users, `{u17}:session:<secret>` with the time of their end: in the shared
// store, or on a monolith's own disk. The token is `17.<secret>`, so that the row lies in the user's
// shard.
//
// A store has no clock of its own, so whoever signs in takes the user's ended sessions away, and a
// user has a bounded number of them. Ends are by the wall clock, the only one that nodes and restarts
// share: one that is set forward signs people out early.

import Linux
import Reactor

@ReactorActor
struct StoredSessions: Sessions {
    let store: any DataStore
    let lifetime: Duration
    var now: @ReactorActor () -> WallTime = { .now() }
    /// Sessions of one user at once.
    static let countMax = 256

    init(
        store: any DataStore, lifetime: Duration,
        now: @escaping @ReactorActor () -> WallTime = { .now() }
    ) {
        self.store = store
        self.lifetime = lifetime
        self.now = now
    }

    func start(user: Int, deadline: MonotonicTime) async throws(DependencyError) -> String {
        let rows = try await store.range(
            "{u\(user)}:session:", limit: Self.countMax, deadline: deadline)
        let ended = rows.filter { !isLive($0.value) }
        if rows.count - ended.count >= Self.countMax { throw .overloaded("too many sessions") }
        for row in ended {
            try await store.remove(String(decoding: row.key, as: UTF8.self), deadline: deadline)
        }
        let secret = SessionToken.fresh()
        let end = now().nanoseconds / 1_000_000 + lifetime.nanoseconds / 1_000_000
        _ = try await store.set(
            "{u\(user)}:session:\(secret)", String(end), deadline: deadline)
        return "\(user).\(secret)"
    }

    func visitor(with token: String, deadline: MonotonicTime) async -> Visitor {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let user = Int(parts[0]), user >= 0, parts[1].utf8.count == 32,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return .stranger }
        do {
            let end = try await store.get("{u\(user)}:session:\(parts[1])", deadline: deadline)
            return end.map(isLive) == true ? .user(user) : .stranger
        } catch {
            return .unverified
        }
    }

    private func isLive(_ end: [UInt8]) -> Bool {
        guard let milliseconds = Int64(String(decoding: end, as: UTF8.self)) else { return false }
        return now().nanoseconds / 1_000_000 < milliseconds
    }
}
