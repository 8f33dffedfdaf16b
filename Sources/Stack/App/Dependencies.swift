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
        case .unavailable(let reason): self = .unavailable(reason)
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
final class ShardedStore {
    private let router: ShardRouter
    private let lanes: RequestLanes

    init(
        _ shards: [[NamedAddress]], _ layout: ShardLayout, lanes: RequestLanes,
        timeouts: DependencyTimeouts, random: SeededRandom
    ) {
        router = ShardRouter(layout, shards: shards, random: random) {
            members, random, acquaintances in
            timeouts.seeker(members, random, acquaintances: acquaintances)
        }
        self.lanes = lanes
    }

    func get(_ key: String, deadline: MonotonicTime) async throws(DependencyError) -> [UInt8]? {
        let reply = try await call(["GET", key], on: key, deadline)
        switch reply.value {
        case .bulk(let bytes): return bytes
        case .null: return nil
        default: throw .unexpected(reply.value)
        }
    }

    /// The values under a prefix, highest key first.
    func range(
        _ prefix: String, limit: Int, deadline: MonotonicTime
    ) async throws(DependencyError) -> [(key: [UInt8], value: [UInt8])] {
        let reply = try await call(["RANGE", prefix, String(limit)], on: prefix, deadline)
        guard case .array(let items) = reply.value, items.count.isMultiple(of: 2) else {
            throw .unexpected(reply.value)
        }
        var rows: [(key: [UInt8], value: [UInt8])] = []
        for index in stride(from: 0, to: items.count, by: 2) {
            guard case .bulk(let key) = items[index], case .bulk(let value) = items[index + 1]
            else { throw .unexpected(reply.value) }
            rows.append((key, value))
        }
        return rows
    }

    /// Writes a value and returns the member that acknowledged it.
    func set(
        _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        let lane = lanes.take()
        defer { lanes.give(back: lane) }
        let reply = try await call(["SET", key, value] + lane.words, on: key, deadline)
        guard case .simple("OK") = reply.value else { throw .unexpected(reply.value) }
        return reply.member
    }

    private func call(
        _ words: [String], on key: String, _ deadline: MonotonicTime
    ) async throws(DependencyError) -> LedReply {
        do {
            return try await router.call(words, on: key, deadline: deadline)
        } catch {
            throw DependencyError(error)
        }
    }
}
