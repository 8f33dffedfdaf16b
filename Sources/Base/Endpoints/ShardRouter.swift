// A client of a sharded store: sends each command to the shard that owns its key, by a table that
// redirects correct.
//
// A command that was sent to the wrong place is sent on by that place itself (LeaderSeeker), with the
// same bytes and so with the same request id. That it was sent on shows that the table is old, and
// whoever answered is then asked for his. So a split, a merge or a move costs its clients a redirect
// or two, and no list of nodes has to be changed anywhere.
//
// Changes carry a request id of a session of the store's, see WriteSessions.swift.

package import Blueprint
package import Determinism
package import Linux
package import Reactor
import Wire

@ReactorActor
package final class ShardRouter {
    package private(set) var table: ShardTable
    private var seekers: [UInt64: (members: Set<SocketAddress>, seeker: LeaderSeeker)] = [:]
    private let makeSeeker: MakeSeeker
    private var random: SeededRandom
    /// Names of nodes that redirects may lead to.
    private let acquaintances: [NamedAddress]
    private let sessions = WriteSessions()
    private var isRefreshing = false
    private var refreshed: MonotonicTime?
    /// Redirects come in crowds, and one fresh table is enough for all of them.
    private static let refreshPause: Duration = .milliseconds(100)

    /// Makes a client of one shard's members; the rest of the arguments are its own.
    package typealias MakeSeeker =
        @ReactorActor (
            _ members: [NamedAddress], _ random: SeededRandom, _ acquaintances: [NamedAddress]
        ) -> LeaderSeeker

    package init(
        _ layout: ShardLayout, shards: [[NamedAddress]], random: SeededRandom,
        makeSeeker: @escaping MakeSeeker = { members, random, acquaintances in
            LeaderSeeker(members, random: random, acquaintances: acquaintances)
        }
    ) {
        table = ShardTable(layout, shards: shards)
        acquaintances = shards.flatMap { $0 }
        self.random = random
        self.makeSeeker = makeSeeker
    }

    /// Calls whoever owns the key until there is an answer or the deadline passes.
    package func call(
        _ words: [String], on key: String, deadline: MonotonicTime
    ) async throws(SeekError) -> LedReply {
        guard let row = table.owner(of: key.utf8.span) else {
            throw .unavailable("no shard is known to own the key")
        }
        let seeker = seeker(of: row)
        let redirects = seeker.redirectCount
        do throws(SeekError) {
            let reply = try await seeker.call(words, deadline: deadline)
            if seeker.redirectCount != redirects { refresh(through: seeker) }
            return reply
        } catch {
            // Perhaps nobody of those that are known has the shard any more.
            refresh(through: seeker)
            throw error
        }
    }

    /// Changes something just once, until there is an answer or the deadline passes.
    ///
    /// A change that the store refuses because it has forgotten the session, and that certainly was
    /// not executed before, is made under a new one. Where an earlier try may have been, the outcome
    /// is unknown and is said so: no session could tell a second execution from the first.
    package func change(
        _ words: [String], on key: String, deadline: MonotonicTime
    ) async throws(SeekError) -> LedReply {
        var reason = "no session is held long enough"
        for _ in 0..<Self.sessionsMax {
            guard let row = table.owner(of: key.utf8.span) else {
                throw .unavailable("no shard is known to own the key")
            }
            let session = try await sessions.session(
                of: row.shard, deadline: deadline
            ) { () async throws(SeekError) in
                try await call(["SESSION", key], on: key, deadline: deadline).value
            }
            do throws(SeekError) {
                return try await call(words + session.next(), on: key, deadline: deadline)
            } catch {
                guard case .expired(let why) = error else { throw error }
                sessions.drop(session, of: row.shard)
                reason = why
            }
        }
        throw .unavailable(reason)
    }

    /// Sessions that one change is tried under: more than one where the table was old besides.
    private static let sessionsMax = 8

    private func seeker(of row: ShardRow) -> LeaderSeeker {
        let members = Set(row.members.map(\.address))
        if let known = seekers[row.shard], known.members == members { return known.seeker }
        let seeker = makeSeeker(row.members, random.fork("shard-\(row.shard)"), acquaintances)
        seekers[row.shard] = (members, seeker)
        return seeker
    }

    // MARK: The table

    /// Asks for a newer table, in the background: the call that showed the need has its answer.
    private func refresh(through seeker: LeaderSeeker) {
        if isRefreshing { return }
        if let refreshed, .now() - refreshed < Self.refreshPause { return }
        isRefreshing = true
        Task { @ReactorActor [weak self] in
            let reply = try? await seeker.call(
                ["SHARD", "ROUTES"], deadline: .now() + .milliseconds(800))
            self?.note(reply?.value)
        }
    }

    private func note(_ answer: RESPValue?) {
        isRefreshing = false
        refreshed = .now()
        guard case .array(let items) = answer, items.count <= ShardTable.rowsMax else { return }
        table.note(items.compactMap { $0.text.flatMap(ShardRow.init) })
        let present = Set(table.rows.map(\.shard))
        seekers = seekers.filter { present.contains($0.key) }
        sessions.keep(only: present)
    }
}
