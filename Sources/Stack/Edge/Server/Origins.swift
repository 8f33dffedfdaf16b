// Where a miss goes: through the shield that owns its URI where there are shields, and else to the
// origins in turn. One that cannot be reached is passed over.

import Blueprint
import Endpoints
import Linux
import Reactor

@ReactorActor
final class Origins {
    private let shields: [OriginPool]
    private let origins: [OriginPool]
    private var turn = 0

    init(_ settings: EdgeSettings) {
        let patience = OriginPatience(
            connect: settings.connectTimeout, answer: settings.originTimeout)
        let pool = { (node: NamedAddress) in
            OriginPool(
                node.name, node.address, connectionsMax: settings.originConnectionsMax, patience)
        }
        shields = settings.shields.map(pool)
        origins = settings.origins.map(pool)
    }

    var connectionCount: Int { (shields + origins).reduce(0) { $0 + $1.connectionCount } }

    /// Sends to the first that can be reached, and a safe request also past one that broke off.
    func send(
        _ request: OriginRequest, for key: CacheKey, deadline: MonotonicTime,
        onInterim: OriginPool.InterimHandler
    ) async throws(ClientError) -> OriginAnswer {
        var failure = ClientError.unreachable(.refused)
        for pool in order(for: key) {
            do {
                return try await pool.send(request, deadline: deadline, onInterim: onInterim)
            } catch {
                failure = error
                guard mayTryAnother(after: error, request), .now() < deadline else { throw error }
            }
        }
        throw failure
    }

    func close() {
        for pool in shields + origins { pool.close() }
    }

    private func mayTryAnother(after error: ClientError, _ request: OriginRequest) -> Bool {
        if error.isWithoutEffect { return true }
        // A timeout has used up the time that a second try would need.
        return request.isIdempotent && error != .unanswered(.timedOut)
    }

    /// Those avoided come last: they are tried when all else fails.
    private func order(for key: CacheKey) -> [OriginPool] {
        turn = (turn + 1) % origins.count
        let rotated = origins[turn...] + origins[..<turn]
        let now = MonotonicTime.now()
        let all = ranked(for: key) + rotated
        return all.filter { $0.avoidedUntil <= now } + all.filter { $0.avoidedUntil > now }
    }

    /// Rendezvous hashing: a shield that is lost moves its own URIs and nobody else's.
    private func ranked(for key: CacheKey) -> [OriginPool] {
        guard shields.count > 1 else { return shields }
        return shields.map { ($0, Self.weight($0.name, key)) }.sorted { $0.1 > $1.1 }.map(\.0)
    }

    /// FNV-1a, which every edge computes alike.
    private static func weight(_ name: String, _ key: CacheKey) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for text in [name, key.authority, key.target] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        return hash
    }
}
