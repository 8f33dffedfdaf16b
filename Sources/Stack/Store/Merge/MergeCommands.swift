// What the left shard of a merge asks of the right one's leader, over the wire that clients use.
//
//     MERGEPART right COPY version left begun     number of a copy: what is written from here on is noted
//     MERGEPART right ROWS copy cursor            bytes of a chunk, and the next cursor or null
//     MERGEPART right CHANGES copy place          bytes of a chunk, the next place, and how many are left
//     MERGEPART right FREEZE version left begun   +OK
//     MERGEPART right CEDE left begun             the seal: version, index, then the shards that it had
//                                                 taken in itself; or +thawed, and it goes on
//     MERGEPART right THAW left begun             the same, of a merge that is to end either way
//
// Refusals are those of StoreCommands.swift.

import Linux
import Raft
import Reactor
import Replication
import Wire

@ReactorActor
struct MergeCommands {
    let server: StoreServer

    /// Nil for a command that is none of these.
    func answer(_ command: RESPCommand) async -> RESPValue? {
        guard command.name == "MERGEPART" else { return nil }
        do throws(CommandRefusal) {
            return try await part(command)
        } catch {
            return .error(error.text)
        }
    }

    private func part(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let replica = try leader(of: GroupID(try words.takeCount()))
        if words.take(ifWord: "COPY") {
            let version = try words.takeCount()
            let (left, begun) = (try words.takeCount(), try words.takeCount())
            try words.expectEnd()
            try await thaw(replica, before: begun, of: left)
            touch(replica, left, begun)
            return try beginCopy(of: replica, version, left, begun)
        }
        if words.take(ifWord: "ROWS") {
            let number = try words.takeCount()
            let cursor = MergeCursor(decoding: try words.take())
            try words.expectEnd()
            return try await rows(of: replica, number, cursor)
        }
        if words.take(ifWord: "CHANGES") {
            let (number, place) = (try words.takeCount(), try words.takeCount())
            try words.expectEnd()
            return try await changes(of: replica, number, from: place)
        }
        if words.take(ifWord: "FREEZE") {
            let version = try words.takeCount()
            let (left, begun) = (try words.takeCount(), try words.takeCount())
            try words.expectEnd()
            return try await freeze(replica, version, left, begun)
        }
        let isCeding = words.take(ifWord: "CEDE")
        guard isCeding || words.take(ifWord: "THAW") else { throw .arguments("mergepart") }
        let (left, begun) = (try words.takeCount(), try words.takeCount())
        try words.expectEnd()
        touch(replica, left, begun)
        return try await decide(
            isCeding ? .cede(left: left, begun: begun) : .thaw(left: left, begun: begun), replica)
    }

    private func leader(of id: GroupID) throws(CommandRefusal) -> StoreGroup {
        let route = server.routes.known[id]
        guard let replica = server.shards[id] else {
            throw .notLeader(route.flatMap(server.routes.leaderAddress))
        }
        guard replica.isLeader else {
            throw server.commands(on: replica).refused(.notLeader(leader: replica.status.leader))
        }
        return replica
    }

    /// A coordinator is there. One of another merge keeps nobody frozen.
    private func touch(_ replica: StoreGroup, _ left: UInt64, _ begun: UInt64) {
        let frozen = replica.state.table.ties.frozen
        guard frozen == nil || (frozen?.left == left && frozen?.begun == begun) else { return }
        server.touched[replica.id] = .now()
    }

    /// A shard has one merge at a time, so an older one of the same left shard is over.
    private func thaw(
        _ replica: StoreGroup, before begun: UInt64, of left: UInt64
    ) async throws(CommandRefusal) {
        guard let frozen = replica.state.table.ties.frozen, frozen.left == left,
            frozen.begun < begun
        else { return }
        _ = try await server.carryOut(.thaw(left: left, begun: frozen.begun), on: replica)
        server.tellShards()
    }

    // MARK: Copying

    /// Begins to note what is written, once for each merge however often it is asked for.
    private func beginCopy(
        of replica: StoreGroup, _ version: UInt64, _ left: UInt64, _ begun: UInt64
    ) throws(CommandRefusal) -> RESPValue {
        let table = replica.state.table
        guard replica.state.splitting == .none, table.ties.isFree,
            table.ownership.version == version
        else { throw .unavailable("shard \(replica.id) is not what it was") }
        let copy: ChangedRows
        if let known = table.changed, known.left == left, known.begun == begun {
            copy = known
        } else {
            copy = ChangedRows(left: left, begun: begun)
            table.changed = copy
        }
        return .integer(Int64(copy.number))
    }

    /// Waits until reading is safe; gives the state of the copy with that number.
    private func copy(
        of replica: StoreGroup, _ number: UInt64
    ) async throws(CommandRefusal) -> KeyValueState {
        switch await replica.readBarrier() {
        case .refused(let refusal): throw server.commands(on: replica).refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .ready: break
        }
        let table = replica.state.table
        guard let changed = table.changed, changed.number == number else {
            throw .syntax("shard \(replica.id) has no such copy")
        }
        changed.touch()
        touch(replica, changed.left, changed.begun)
        return table
    }

    private func rows(
        of replica: StoreGroup, _ number: UInt64, _ cursor: MergeCursor?
    ) async throws(CommandRefusal) -> RESPValue {
        let table = try await copy(of: replica, number)
        var next = cursor
        do throws(StateError) {
            let chunk = try table.chunk(at: &next)
            return .array([.bulk(Self.bytes(chunk)), next.map { .bulk($0.encoded) } ?? .null])
        } catch {
            throw .unavailable(error.description)
        }
    }

    private func changes(
        of replica: StoreGroup, _ number: UInt64, from place: UInt64
    ) async throws(CommandRefusal) -> RESPValue {
        let table = try await copy(of: replica, number)
        do throws(StateError) {
            if let part = try table.changes(from: place) {
                return .array([
                    .bulk(Self.bytes(part.chunk)), .integer(Int64(part.next)),
                    .integer(Int64(part.remaining)),
                ])
            }
        } catch {
            throw .unavailable(error.description)
        }
        throw .syntax("shard \(replica.id) is written to faster than it is copied")
    }

    private static func bytes(_ chunk: MergeChunk) -> [UInt8] {
        var writer = ByteWriter()
        chunk.encode(into: &writer)
        return writer.finish()
    }

    // MARK: Cutting over

    /// Turns new transactions away, lets those that are there end, and freezes.
    private func freeze(
        _ replica: StoreGroup, _ version: UInt64, _ left: UInt64, _ begun: UInt64
    ) async throws(CommandRefusal) -> RESPValue {
        guard replica.state.splitting == .none else {
            throw .unavailable("shard \(replica.id) is being split")
        }
        touch(replica, left, begun)
        if replica.state.table.ties.frozen == nil { try await server.quieten(replica) }
        let step = MergeStep.freeze(version: version, left: left, begun: begun)
        guard case .committed = try await server.carryOut(step, on: replica) else {
            _ = try await server.carryOut(.lift, on: replica)
            throw .unavailable("shard \(replica.id) is not what it was")
        }
        server.tellShards()
        return .simple("OK")
    }

    /// Has the shard's log say what comes of a merge, and tells it.
    private func decide(
        _ step: MergeStep, _ replica: StoreGroup
    ) async throws(CommandRefusal) -> RESPValue {
        switch try await server.carryOut(step, on: replica) {
        case .committed(let index):
            let table = replica.state.table
            let numbers = [table.ownership.version, index] + table.ties.absorbed
            return .array(numbers.map { .bulk("\($0)") })
        case .aborted:
            server.tellShards()
            return .simple("thawed")
        case let reply: throw .unavailable("shard \(replica.id) answered \(reply)")
        }
    }
}

extension StoreServer {
    /// Puts a step into a shard's log.
    func carryOut(
        _ step: MergeStep, on replica: StoreGroup
    ) async throws(CommandRefusal) -> StoreReply {
        guard let command = try? StoreCommand(request: nil, action: .merge(step)) else {
            throw .syntax("not a step of a merge")
        }
        switch await replica.propose(command.encoded) {
        case .applied(let reply): return reply
        case .refused(let refusal): throw commands(on: replica).refused(refusal)
        case .unknown: throw .unknown("no majority answered in time")
        }
    }

    /// Turns new transactions away from a shard and waits until those that are there have ended; in
    /// vain for one whose other shards are away, and then lets new ones in again.
    func quieten(_ replica: StoreGroup) async throws(CommandRefusal) {
        guard case .ok = try await carryOut(.fence, on: replica) else {
            throw .unavailable("shard \(replica.id) is in the middle of a merge")
        }
        let deadline = MonotonicTime.now() + transactions.limits.fenceTimeout
        while replica.isLeader, !hasEnded {
            touched[replica.id] = .now()
            if replica.state.isFree, isQuiet(replica) { return }
            guard .now() < deadline else {
                _ = try await carryOut(.lift, on: replica)
                throw .unavailable("a transaction across shards does not end")
            }
            await Reactor.sleep(for: .milliseconds(2))
        }
        throw .notLeader(nil)
    }

    private func isQuiet(_ replica: StoreGroup) -> Bool {
        let table = replica.state.table
        guard let prepared = try? table.preparedTransactions(),
            let committed = try? table.committedTransactions()
        else { return false }
        return prepared.isEmpty && committed.isEmpty
    }
}
