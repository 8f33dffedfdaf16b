// The data of the shop as its resources see it: rows under keys. A stateless app has them in the
// shards of the store, a monolith in its own memory and journal.

import Linux
import Reactor

/// A row under its key.
struct DataRow: Equatable, Sendable {
    var key: [UInt8]
    var value: [UInt8]
}

/// Keys of one user carry the user's tag, `{u17}:...`, and so lie together.
@ReactorActor
protocol DataStore: AnyObject {
    func get(_ key: String, deadline: MonotonicTime) async throws(DependencyError) -> [UInt8]?

    /// The rows under a prefix, highest key first.
    func range(
        _ prefix: String, limit: Int, deadline: MonotonicTime
    ) async throws(DependencyError) -> [DataRow]

    /// Writes a row and returns who acknowledged it.
    func set(
        _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String

    /// Writes a row and a token in one step, unless the token is there already; returns who says so.
    func once(
        token: String, _ key: String, _ value: String, deadline: MonotonicTime
    ) async throws(DependencyError) -> String

    func remove(_ key: String, deadline: MonotonicTime) async throws(DependencyError)
}
