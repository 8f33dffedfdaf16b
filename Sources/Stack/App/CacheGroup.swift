// One place of the cache: a node, or a leader with followers that copy it. Every call is bounded tightly, since
// a slow cache is worse than none, and a place that fails again and again is left alone for a moment, so that a
// request does not pay the full bound at each of its cache calls.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class CacheGroup {
    private let clients: [RESPClient]
    private let timeout: Duration
    /// Whether the place knows `WITH id milliseconds COMMAND`.
    private let passesContext: Bool
    private var breaker: CircuitBreaker
    /// The member that took the last command: most likely the leader.
    private var favourite = 0
    /// Whether the place has leases; nil until it was asked.
    private(set) var hasLeases: Bool?
    /// Keys that were to be deleted while the place was away: it may come back with what they held.
    private var owed: Set<String> = []
    private var isPaying = false

    /// A place that is away for longer than this many invalidations keeps some documents until their
    /// lifetime ends.
    private static let owedMax = 10_000

    init(_ members: [NamedAddress], timeout: Duration, passesContext: Bool = false) {
        precondition(!members.isEmpty, "a place has members")
        clients = members.map { RESPClient($0.address) }
        self.timeout = timeout
        self.passesContext = passesContext
        breaker = CircuitBreaker(
            failuresMax: 3, pause: .milliseconds(100), probeTimeout: timeout)
    }

    /// One command. Members that cannot be reached, or that follow, are passed over; one that does not
    /// answer in time has taken all the time that there was.
    func call(_ words: [String]) async throws(ClientError) -> RESPValue {
        guard breaker.allows(at: .now()) else { throw .unreachable(.timedOut) }
        let prefix = passesContext ? RequestContext.prefix(until: .now() + timeout) : []
        var refusal = ClientError.unreachable(.refused)
        for _ in clients {
            let member = favourite
            do {
                let reply = try await clients[member].call(
                    prefix + words, connectWithin: timeout, deadline: .now() + timeout)
                guard let code = reply.errorCode, ["READONLY", "NOREPLICAS"].contains(code) else {
                    breaker.noteSuccess()
                    if !owed.isEmpty { payOwed() }
                    return reply
                }
                turn(from: member)
            } catch {
                turn(from: member)
                refusal = error
                guard case .unreachable = error else { break }
            }
        }
        breaker.noteFailure(at: .now())
        throw refusal
    }

    /// Deletes a key, now or as soon as the place is back.
    func delete(_ key: String) async {
        do {
            _ = try await call(["DEL", key])
        } catch {
            if owed.count < Self.owedMax { owed.insert(key) }
        }
    }

    private func turn(from member: Int) {
        if favourite == member { favourite = (member + 1) % clients.count }
    }

    private func payOwed() {
        guard !isPaying else { return }
        isPaying = true
        let keys = owed
        owed.removeAll()
        Task { @ReactorActor in
            for key in keys { await delete(key) }
            isPaying = false
        }
    }
}

// MARK: - Leases

extension CacheGroup {
    /// What a lease's answer says.
    enum LeaseAnswer {
        case hit([UInt8], left: Duration)
        case fill(token: Int64)
        case wait(Duration, token: Int64)
        case free
    }

    /// Nil when the place has no leases: it is some other cache.
    func lease(
        _ key: String, holding: Duration, refreshing: Bool = false
    ) async throws(ClientError) -> LeaseAnswer? {
        if hasLeases == false { return nil }
        let milliseconds = String(holding.nanoseconds / 1_000_000)
        let reply = try await call(["LEASE", refreshing ? "TAKE" : "GET", key, milliseconds])
        if case .error(let text) = reply {
            guard text.hasPrefix("ERR unknown command") else { throw .malformed }
            hasLeases = false
            return nil
        }
        hasLeases = true
        guard let answer = Self.answer(reply.elements ?? []) else { throw .malformed }
        return answer
    }

    private static func answer(_ parts: [RESPValue]) -> LeaseAnswer? {
        switch (parts.first?.text, parts.count) {
        case ("HIT", 3):
            guard let bytes = parts[1].bytes, let left = parts[2].integer else { return nil }
            return .hit(bytes, left: .milliseconds(left))
        case ("FILL", 2): return parts[1].integer.map { .fill(token: $0) }
        case ("WAIT", 3):
            guard let left = parts[1].integer, let token = parts[2].integer else { return nil }
            return .wait(.milliseconds(left), token: token)
        case ("FREE", 1): return .free
        default: return nil
        }
    }

    /// Sets under a lease; what a change has made void is not set.
    func set(
        _ key: String, _ value: String, lifetime: Duration, token: Int64
    ) async throws(ClientError) {
        _ = try await call(
            ["LEASE", "SET", key, String(token), value, "PX", Self.milliseconds(lifetime)])
    }

    /// Gives a lease back unused, so that nobody waits for its value.
    func drop(_ key: String, token: Int64) async {
        _ = try? await call(["LEASE", "DROP", key, String(token)])
    }

    static func milliseconds(_ lifetime: Duration) -> String {
        String(max(1, lifetime.nanoseconds / 1_000_000))
    }
}
