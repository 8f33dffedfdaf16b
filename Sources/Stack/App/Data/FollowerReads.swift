// Reads that any replica of a shard may answer. A follower asks its leader how far to be and answers
// once it is there (Ongaro's thesis, section 6.4), so nothing read here is older than what the
// leader would have said; what is saved is the leader's work of looking it up and sending it.
//
// A replica that refuses or is late costs one short try; the leader's way is the other one.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

/// The replicas of all shards, asked in turn.
@ReactorActor
final class FollowerReads: DataStore {
    /// As it was in the beginning; a shard that has moved since is read at its leader.
    private let table: ShardTable
    private var shards: [UInt64: Replicas] = [:]
    private let leaders: ShardedStore
    private let timeouts: DependencyTimeouts

    private struct Replicas {
        let clients: [RESPClient]
        var breakers: [CircuitBreaker]
        var turn = 0
    }

    init(_ table: ShardTable, leaders: ShardedStore, timeouts: DependencyTimeouts) {
        self.table = table
        self.leaders = leaders
        self.timeouts = timeouts
        for row in table.rows {
            shards[row.shard] = Replicas(
                clients: row.members.map { RESPClient($0.address) },
                breakers: row.members.map { _ in
                    CircuitBreaker(
                        failuresMax: 2, pause: .milliseconds(200), probeTimeout: timeouts.leaderTry)
                })
        }
    }

    func get(_ key: String, deadline: MonotonicTime) async throws(DependencyError) -> [UInt8]? {
        switch await ask(["GET", key, "FOLLOWER"], on: key, deadline) {
        case .bulk(let bytes): return bytes
        case .null: return nil
        default: return try await leaders.get(key, deadline: deadline)
        }
    }

    func range(
        _ prefix: String, limit: Int, deadline: MonotonicTime
    ) async throws(DependencyError) -> [DataRow] {
        let words = ["RANGE", prefix, String(limit), "FOLLOWER"]
        if let reply = await ask(words, on: prefix, deadline), let rows = DataRow.rows(of: reply) {
            return rows
        }
        return try await leaders.range(prefix, limit: limit, deadline: deadline)
    }

    func set(
        _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        try await leaders.set(key, value, deadline: deadline)
    }

    func once(
        token: String, _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        try await leaders.once(token: token, key, value, deadline: deadline)
    }

    func remove(_ key: String, deadline: MonotonicTime) async throws(DependencyError) {
        try await leaders.remove(key, deadline: deadline)
    }

    /// Nil when the replica whose turn it is had no answer to give.
    private func ask(
        _ words: [String], on key: String, _ deadline: MonotonicTime
    ) async -> RESPValue? {
        guard let shard = table.owner(of: key.utf8.span)?.shard, var replicas = shards[shard]
        else { return nil }
        replicas.turn += 1
        let replica = replicas.turn % replicas.clients.count
        let isAllowed = replicas.breakers[replica].allows(at: .now())
        shards[shard] = replicas
        guard isAllowed else { return nil }
        // Half of what is left at most, or the leader could not be asked any more.
        let patience = min(timeouts.leaderTry, (deadline - .now()) / 2)
        let reply = try? await replicas.clients[replica].call(
            words, connectWithin: timeouts.leaderConnect, deadline: .now() + patience)
        switch reply {
        case nil, .error?:
            shards[shard]?.breakers[replica].noteFailure(at: .now())
            return nil
        case let reply?:
            shards[shard]?.breakers[replica].noteSuccess()
            return reply
        }
    }
}

extension DataRow {
    /// The rows of a RANGE; nil when the reply is none.
    static func rows(of reply: RESPValue) -> [DataRow]? {
        guard case .array(let items) = reply, items.count.isMultiple(of: 2) else { return nil }
        var rows: [DataRow] = []
        for index in stride(from: 0, to: items.count, by: 2) {
            guard case .bulk(let key) = items[index], case .bulk(let value) = items[index + 1]
            else { return nil }
            rows.append(DataRow(key: key, value: value))
        }
        return rows
    }
}
