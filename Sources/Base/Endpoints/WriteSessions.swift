// The names under which a process's changes are counted by the store, one a shard, given out by the
// shard itself.
//
// A name of the client's own making does for retries within the next hundred thousand requests. What it
// cannot do is turn away a copy that comes later: a node that is paused keeps a request in its socket
// for as long as the pause, and the client has long had its answer from another node. Executed then,
// it would put back an old value. Under a session of the store's it is refused, however late it is
// (RequestTable.swift of Store), for the price of one round trip a process and shard.
//
// Numbers need not arrive in order, since the store remembers each by itself; so one session is enough
// for all that is under way at once. A shard's halves know the sessions of the whole, and a merged
// shard those of both.

import Linux
import Reactor
import Wire

/// One session, and the numbers that it has used.
@ReactorActor
final class WriteSession {
    private let name: String
    private var last: UInt64 = 0

    init(_ name: String) { self.name = name }

    /// The words that name the next request.
    func next() -> [String] {
        last += 1
        return ["ID", name, String(last)]
    }
}

@ReactorActor
final class WriteSessions {
    private var sessions: [UInt64: WriteSession] = [:]
    private var openings: [UInt64: Promise<Bool>] = [:]

    /// A shard's session, opened by whoever comes first; the others wait for that.
    func session(
        of shard: UInt64, deadline: MonotonicTime,
        open: @ReactorActor () async throws(SeekError) -> RESPValue
    ) async throws(SeekError) -> WriteSession {
        while true {
            if let session = sessions[shard] { return session }
            guard let underWay = openings[shard] else {
                return try await begin(shard, open)
            }
            guard await underWay.value(deadline: deadline) != nil else {
                throw .unavailable("the shard opened no session in time")
            }
        }
    }

    /// Whatever becomes of the opening, the change that it is for was not sent.
    private func begin(
        _ shard: UInt64, _ open: @ReactorActor () async throws(SeekError) -> RESPValue
    ) async throws(SeekError) -> WriteSession {
        let isOver = Promise<Bool>()
        openings[shard] = isOver
        defer {
            openings[shard] = nil
            isOver.fulfil(true)
        }
        let reply: RESPValue
        do throws(SeekError) {
            reply = try await open()
        } catch {
            throw .unavailable("no session: \(error)")
        }
        guard case .bulk(let name) = reply else {
            throw .unavailable("the shard opened no session, but answered \(reply)")
        }
        let session = WriteSession(String(decoding: name, as: UTF8.self))
        sessions[shard] = session
        return session
    }

    /// The store does not know it any more.
    func drop(_ session: WriteSession, of shard: UInt64) {
        if sessions[shard] === session { sessions[shard] = nil }
    }

    /// Lets go of sessions of shards that are no more.
    func keep(only shards: Set<UInt64>) {
        sessions = sessions.filter { shards.contains($0.key) }
    }
}
