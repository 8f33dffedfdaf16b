// The cache tier as the app sees it: every call is bounded tightly, since a slow cache is worse than
// none, and a member that fails again and again is left alone for a moment, so that a request does
// not pay the full bound at each of its cache calls.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

/// The members of the cache; a key's tag decides which one has it.
@ReactorActor
final class CacheTier {
    private let clients: [RESPClient]
    private let timeout: Duration
    private var breakers: [CircuitBreaker]

    init(_ members: [NamedAddress], timeout: Duration) {
        precondition(!members.isEmpty, "a cache has members")
        clients = members.map { RESPClient($0.address) }
        self.timeout = timeout
        breakers = members.map { _ in
            CircuitBreaker(failuresMax: 3, pause: .milliseconds(100), probeTimeout: timeout)
        }
    }

    func get(_ key: String) async throws(ClientError) -> [UInt8]? {
        if case .bulk(let bytes) = try await call(["GET", key], on: key) { return bytes }
        return nil
    }

    /// The values of two keys that share a tag, read in one step.
    func pair(
        _ first: String, _ second: String
    ) async throws(ClientError) -> (first: [UInt8]?, second: [UInt8]?) {
        let reply = try await call(["MGET", first, second], on: first)
        guard case .array(let items) = reply, items.count == 2 else { throw .malformed }
        return (Self.bytes(items[0]), Self.bytes(items[1]))
    }

    func set(_ key: String, _ value: String, lifetime: Duration) async throws(ClientError) {
        let milliseconds = String(max(1, lifetime.nanoseconds / 1_000_000))
        let reply = try await call(["SET", key, value, "PX", milliseconds], on: key)
        guard case .simple("OK") = reply else { throw .malformed }
    }

    private static func bytes(_ value: RESPValue) -> [UInt8]? {
        if case .bulk(let bytes) = value { return bytes }
        return nil
    }

    private func call(_ words: [String], on key: String) async throws(ClientError) -> RESPValue {
        let index = ShardKey.shard(of: key, count: clients.count)
        guard breakers[index].allows(at: .now()) else { throw .unreachable(.timedOut) }
        do {
            let reply = try await clients[index].call(
                words, connectWithin: timeout, deadline: .now() + timeout)
            breakers[index].noteSuccess()
            return reply
        } catch {
            breakers[index].noteFailure(at: .now())
            throw error
        }
    }
}
