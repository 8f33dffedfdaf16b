// What a stateless app leans on: the cache, the shards of the store, the queue. The app keeps
// connections to them and nothing else, so any app can serve any user. The queue has a file of its
// own, PartitionedQueue.swift.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Wire

/// Why a dependency gave no answer.
enum DependencyError: Error {
    /// Certainly not done.
    case unavailable(String)
    /// Certainly not done, and there is no room: to be said at once, never tried again from here.
    case overloaded(String)
    /// Perhaps done.
    case unknown(String)
    /// An answer that the protocol does not have here.
    case unexpected(RESPValue)

    init(_ error: SeekError) {
        switch error {
        case .unavailable(let reason), .expired(let reason): self = .unavailable(reason)
        case .unknown(let reason): self = .unknown(reason)
        }
    }
}

/// How long the app waits for one try of each dependency before it turns elsewhere.
package struct DependencyTimeouts: Sendable {
    /// One cache call, connecting included: short, since the store can answer instead.
    package var cache: Duration = .milliseconds(150)
    /// One try of a member of the store or the queue.
    package var leaderTry: Duration = .milliseconds(400)
    /// Connecting to a member of the store or the queue.
    package var leaderConnect: Duration = .milliseconds(250)

    package init() {}

    @ReactorActor
    func seeker(
        _ members: [NamedAddress], _ random: SeededRandom, retriesOverload: Bool = true,
        acquaintances: [NamedAddress] = []
    ) -> LeaderSeeker {
        LeaderSeeker(
            members, random: random, tryTimeout: leaderTry, connectTimeout: leaderConnect,
            retriesOverload: retriesOverload, acquaintances: acquaintances)
    }
}

/// The store, as one keyspace over its shards.
@ReactorActor
final class ShardedStore: DataStore {
    private let router: ShardRouter
    /// Whether the store knows `WITH id milliseconds COMMAND`.
    private let passesContext: Bool

    init(
        _ shards: [[NamedAddress]], _ layout: ShardLayout, timeouts: DependencyTimeouts,
        random: SeededRandom, passesContext: Bool = false
    ) {
        self.passesContext = passesContext
        router = ShardRouter(layout, shards: shards, random: random) {
            members, random, acquaintances in
            timeouts.seeker(members, random, acquaintances: acquaintances)
        }
    }

    func get(_ key: String, deadline: MonotonicTime) async throws(DependencyError) -> [UInt8]? {
        let reply = try await call(["GET", key], on: key, deadline)
        switch reply.value {
        case .bulk(let bytes): return bytes
        case .null: return nil
        default: throw .unexpected(reply.value)
        }
    }

    func range(
        _ prefix: String, limit: Int, deadline: MonotonicTime
    ) async throws(DependencyError) -> [DataRow] {
        let reply = try await call(["RANGE", prefix, String(limit)], on: prefix, deadline)
        guard let rows = DataRow.rows(of: reply.value) else { throw .unexpected(reply.value) }
        return rows
    }

    func set(
        _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        let reply = try await change(["SET", key, value], on: key, deadline)
        guard case .simple("OK") = reply.value else { throw .unexpected(reply.value) }
        return reply.member
    }

    func once(
        token: String, _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        let reply = try await change(["ONCE", token, key, value], on: key, deadline)
        guard case .integer = reply.value else { throw .unexpected(reply.value) }
        return reply.member
    }

    func remove(_ key: String, deadline: MonotonicTime) async throws(DependencyError) {
        let reply = try await change(["DEL", key], on: key, deadline)
        guard case .integer = reply.value else { throw .unexpected(reply.value) }
    }

    /// Made once, however often it is tried: the router names it by a session of the store's.
    private func change(
        _ words: [String], on key: String, _ deadline: MonotonicTime
    ) async throws(DependencyError) -> LedReply {
        do {
            return try await router.change(
                prefix(until: deadline) + words, on: key, deadline: deadline)
        } catch {
            throw DependencyError(error)
        }
    }

    private func call(
        _ words: [String], on key: String, _ deadline: MonotonicTime
    ) async throws(DependencyError) -> LedReply {
        do {
            return try await router.call(
                prefix(until: deadline) + words, on: key, deadline: deadline)
        } catch {
            throw DependencyError(error)
        }
    }

    private func prefix(until deadline: MonotonicTime) -> [String] {
        passesContext ? RequestContext.prefix(until: deadline) : []
    }
}
