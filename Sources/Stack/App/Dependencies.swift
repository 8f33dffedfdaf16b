// What a stateless app leans on: the cache, the shards of the store, the queue. The app keeps
// connections to them and nothing else, so any app can serve any user.

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

/// The store, as one keyspace over its shards.
@ReactorActor
final class ShardedStore {
    private let shards: [LeaderSeeker]
    private let lanes: RequestLanes

    init(_ shards: [[NamedAddress]], lanes: RequestLanes, random: SeededRandom) {
        self.shards = shards.enumerated().map { index, members in
            LeaderSeeker(members, random: random.fork("shard-\(index)"))
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
        let shard = ShardKey.shard(of: key, count: shards.count)
        do {
            return try await shards[shard].call(words, deadline: deadline)
        } catch {
            throw DependencyError(error)
        }
    }
}

/// The cache: every call is bounded tightly, since a slow cache is worse than none.
@ReactorActor
final class CacheTier {
    private let clients: [RESPClient]
    private let timeout: Duration

    init(_ members: [NamedAddress], timeout: Duration = .milliseconds(150)) {
        precondition(!members.isEmpty, "a cache has members")
        clients = members.map { RESPClient($0.address) }
        self.timeout = timeout
    }

    func get(_ key: String) async throws(ClientError) -> [UInt8]? {
        if case .bulk(let bytes) = try await call(["GET", key], on: key) { return bytes }
        return nil
    }

    func set(_ key: String, _ value: String, lifetime: Duration) async throws(ClientError) {
        let milliseconds = String(max(1, lifetime.nanoseconds / 1_000_000))
        _ = try await call(["SET", key, value, "PX", milliseconds], on: key)
    }

    func remove(_ key: String) async throws(ClientError) {
        _ = try await call(["DEL", key], on: key)
    }

    private func call(_ words: [String], on key: String) async throws(ClientError) -> RESPValue {
        let client = clients[ShardKey.shard(of: key, count: clients.count)]
        return try await client.call(
            words, connectWithin: timeout, deadline: .now() + timeout)
    }
}
