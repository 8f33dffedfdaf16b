// The store with a bulkhead around it and a breaker a shard. A shard that let every call run out of
// time is left alone for a moment: requests that need it are refused at once (or served from a stale
// copy), and one call at a time finds out whether it is back. An election is shorter than the deadline
// of a request, so it opens no breaker.

import Endpoints
import Linux
import Reactor

@ReactorActor
final class GuardedStore: DataStore {
    private let inner: any DataStore
    let bulkhead: Bulkhead
    /// As it was in the beginning: it only says which keys share a breaker.
    private let table: ShardTable
    private var breakers: [UInt64: CircuitBreaker] = [:]
    private(set) var refused = 0

    init(_ inner: any DataStore, _ table: ShardTable, bulkhead: Bulkhead) {
        self.inner = inner
        self.table = table
        self.bulkhead = bulkhead
        for row in table.rows {
            breakers[row.shard] = CircuitBreaker(
                failuresMax: 5, pause: .milliseconds(300), probeTimeout: .milliseconds(500))
        }
    }

    var openBreakers: Int { breakers.values.count { $0.isOpen } }
    var allBreakersOpen: Bool { breakers.values.allSatisfy(\.isOpen) }

    func get(_ key: String, deadline: MonotonicTime) async throws(DependencyError) -> [UInt8]? {
        try await call(on: key, deadline) { () async throws(DependencyError) in
            try await self.inner.get(key, deadline: deadline)
        }
    }

    func range(
        _ prefix: String, limit: Int, deadline: MonotonicTime
    ) async throws(DependencyError) -> [DataRow] {
        try await call(on: prefix, deadline) { () async throws(DependencyError) in
            try await self.inner.range(prefix, limit: limit, deadline: deadline)
        }
    }

    func set(
        _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        try await call(on: key, deadline) { () async throws(DependencyError) in
            try await self.inner.set(key, value, deadline: deadline)
        }
    }

    func once(
        token: String, _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String {
        try await call(on: key, deadline) { () async throws(DependencyError) in
            try await self.inner.once(token: token, key, value, deadline: deadline)
        }
    }

    func remove(_ key: String, deadline: MonotonicTime) async throws(DependencyError) {
        _ = try await call(on: key, deadline) { () async throws(DependencyError) in
            try await self.inner.remove(key, deadline: deadline)
            return true
        }
    }

    private func call<Value: Sendable>(
        on key: String, _ deadline: MonotonicTime,
        _ body: @ReactorActor () async throws(DependencyError) -> Value
    ) async throws(DependencyError) -> Value {
        let shard = table.owner(of: key.utf8.span)?.shard ?? 0
        guard breakers[shard]?.allows(at: .now()) ?? true else {
            refused += 1
            throw .unavailable("the store was away a moment ago")
        }
        do {
            let value = try await bulkhead.run(until: deadline, body)
            breakers[shard]?.noteSuccess()
            return value
        } catch {
            switch error {
            case .unavailable, .unknown: breakers[shard]?.noteFailure(at: .now())
            case .overloaded, .unexpected: break
            }
            throw error
        }
    }
}
