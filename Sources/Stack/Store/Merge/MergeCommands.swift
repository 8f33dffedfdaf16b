// What the two shards of a merge ask of one another, over the wire that clients use.
//
//     MERGEPART right FREEZE version left begun   to the right one's leader: index of the freeze, then
//                                                 the shards that it had taken in itself
//     MERGEPART right ROWS left begun cursor      bytes of a chunk, and the next cursor or null
//     MERGEPART right THAW left begun             +OK; only of use once the left one has ended it
//     MERGEEND left begun right                   to the left one's leader: ends the merge unless it
//                                                 is sealed; +committed or +aborted
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
        do throws(CommandRefusal) {
            switch command.name {
            case "MERGEPART": return try await part(command)
            case "MERGEEND": return try await end(command)
            default: return nil
            }
        } catch {
            return .error(error.text)
        }
    }

    private func part(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let replica = try leader(of: GroupID(try words.takeCount()))
        server.touched[replica.id] = .now()
        if words.take(ifWord: "FREEZE") {
            let version = try words.takeCount()
            let (left, begun) = (try words.takeCount(), try words.takeCount())
            try words.expectEnd()
            return try await freeze(replica, version, left, begun)
        }
        if words.take(ifWord: "ROWS") {
            let (left, begun) = (try words.takeCount(), try words.takeCount())
            let cursor = MergeCursor(decoding: try words.take())
            try words.expectEnd()
            return try await rows(of: replica, left, begun, cursor)
        }
        guard words.take(ifWord: "THAW") else { throw .arguments("mergepart") }
        let step = MergeStep.thaw(left: try words.takeCount(), begun: try words.takeCount())
        try words.expectEnd()
        _ = try await server.carryOut(step, on: replica)
        server.tellShards()
        return .simple("OK")
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

    // MARK: The one that goes

    /// Turns new transactions away, lets those that are there end, and freezes.
    private func freeze(
        _ replica: StoreGroup, _ version: UInt64, _ left: UInt64, _ begun: UInt64
    ) async throws(CommandRefusal) -> RESPValue {
        guard replica.state.splitting == .none else {
            throw .unavailable("shard \(replica.id) is being split")
        }
        switch replica.state.table.ties.frozen {
        case nil: try await server.quieten(replica)
        case let frozen? where frozen.left != left || frozen.begun != begun:
            // Its coordinator died. Whoever asks for another merge would keep the sweep away, which
            // waits until nobody asks any more, and so the shard frozen.
            await server.ask(about: frozen, of: replica)
        case .some: break
        }
        let step = MergeStep.freeze(version: version, left: left, begun: begun)
        guard case .committed(let index) = try await server.carryOut(step, on: replica) else {
            _ = try await server.carryOut(.lift, on: replica)
            throw .unavailable("shard \(replica.id) is not what it was")
        }
        server.tellShards()
        let absorbed = replica.state.table.ties.absorbed
        return .array(([index] + absorbed).map { .bulk("\($0)") })
    }

    private func rows(
        of replica: StoreGroup, _ left: UInt64, _ begun: UInt64, _ cursor: MergeCursor?
    ) async throws(CommandRefusal) -> RESPValue {
        switch await replica.readBarrier() {
        case .refused(let refusal): throw server.commands(on: replica).refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .ready: break
        }
        let table = replica.state.table
        guard let frozen = table.ties.frozen, frozen.left == left, frozen.begun == begun else {
            throw .syntax("shard \(replica.id) is not frozen for this merge")
        }
        var next = cursor
        do throws(StateError) {
            let chunk = try table.chunk(at: &next)
            var writer = ByteWriter()
            chunk.encode(into: &writer)
            return .array([.bulk(writer.finish()), next.map { .bulk($0.encoded) } ?? .null])
        } catch {
            throw .unavailable(error.description)
        }
    }

    // MARK: The one that grows

    private func end(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let left = server.routes.heir(of: GroupID(try words.takeCount()))
        let (begun, right) = (try words.takeCount(), try words.takeCount())
        try words.expectEnd()
        let step = MergeStep.end(begun: begun, right: right, nil)
        switch try await server.carryOut(step, on: try leader(of: left)) {
        case .committed: return .simple("committed")
        case .aborted: return .simple("aborted")
        case let reply: throw .unavailable("shard \(left) answered \(reply)")
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
