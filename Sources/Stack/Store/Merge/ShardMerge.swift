// The coordinator of a merge, at the leader of the shard that grows. It keeps nothing: if it dies, the
// next leader ends what was begun, a frozen shard goes on by itself or has ceded, and the operator may
// ask again.

import Linux
import Raft
import Reactor
import Replication
import Telemetry
import Wire

/// The moments of a merge at which tests stop its coordinator.
enum MergeMoment: CaseIterable, Sendable {
    case begun, copied, frozen, ready, ceded, sealed
}

@ReactorActor
struct ShardMerge {
    let server: StoreServer
    let left: StoreGroup
    let right: GroupID
    let deadline: MonotonicTime

    /// Carries the merge out, or leaves everything as it was.
    func run() async throws(CommandRefusal) {
        guard server.merging.insert(left.id).inserted else {
            throw .unavailable("shard \(left.id) is merged already")
        }
        defer { server.merging.remove(left.id) }
        guard let route = server.routes.known[right] else { throw .syntax("no shard \(right)") }
        let begun = try await begin(route)
        do throws(CommandRefusal) {
            try await reach(.begun)
            try await finish(begun, route)
        } catch {
            // Without a majority for that the next leader does it.
            await giveUp(begun)
            throw error
        }
    }

    private func reach(_ moment: MergeMoment) async throws(CommandRefusal) {
        await server.mergePause(moment)
        if server.hasEnded { throw .unknown("this node stops") }
        guard .now() < deadline else { throw .unavailable("the merge takes too long") }
    }

    private func begin(_ route: ShardRoute) async throws(CommandRefusal) -> UInt64 {
        let step = MergeStep.begin(
            version: left.state.table.ownership.version, right: right.rawValue,
            ownership: route.ownership)
        guard case .integer(let begun) = try await server.carryOut(step, on: left) else {
            throw .unavailable("shards \(left.id) and \(right) are no free neighbours")
        }
        return UInt64(begun)
    }

    /// Changes that are few enough to be taken while the shard is frozen: one entry's worth.
    private static let settledMax = 100

    private func finish(_ begun: UInt64, _ route: ShardRoute) async throws(CommandRefusal) {
        let version = "\(route.ownership.version)"
        let merge = ["\(left.id)", "\(begun)"]
        let answer = try await ask("COPY", [version] + merge)
        guard let copy = answer.integer else {
            throw .unavailable("shard \(right) answered \(answer)")
        }
        try await takeRows(of: copy, from: MergeCursor(), begun)
        let place = try await takeChanges(of: copy, from: 0, upTo: Self.settledMax, begun)
        try await reach(.copied)
        _ = try await ask("FREEZE", [version] + merge)
        try await reach(.frozen)
        _ = try await takeChanges(of: copy, from: place, upTo: 0, begun)
        try await takeRows(of: copy, from: MergeCursor(.sessions), begun)
        guard case .ok = try await server.carryOut(.ready(begun: begun), on: left) else {
            throw .unavailable("the merge was ended by somebody else")
        }
        try await reach(.ready)
        guard let word = MergeEnd(try await ask("CEDE", merge)), word != .thawed else {
            throw .unavailable("shard \(right) has waited too long, and goes on")
        }
        try await reach(.ceded)
        let step = MergeStep.end(begun: begun, right: right.rawValue, word)
        guard case .committed = try await server.carryOut(step, on: left) else {
            throw .unavailable("the merge was ended by somebody else")
        }
        server.log.info("merged", ["shard": left.id, "took in": right])
        server.noteOwnShards()
        try await reach(.sealed)
        server.tellShards()
        server.dropAbsorbed()
    }

    // MARK: Taking

    private func takeRows(
        of copy: Int64, from cursor: MergeCursor, _ begun: UInt64
    ) async throws(CommandRefusal) {
        var cursor: [UInt8]? = cursor.encoded
        while let place = cursor {
            let words = ["ROWS", "\(copy)"].map { Array($0.utf8) } + [place]
            let parts = try await take(words, begun)
            if case .bulk(let next) = parts[1] { cursor = next } else { cursor = nil }
        }
    }

    /// Takes changes until no more than so many are left; gives the place of the next.
    private func takeChanges(
        of copy: Int64, from place: Int64, upTo countMax: Int, _ begun: UInt64
    ) async throws(CommandRefusal) -> Int64 {
        var place = place
        while true {
            let words = ["CHANGES", "\(copy)", "\(place)"].map { Array($0.utf8) }
            let parts = try await take(words, begun)
            guard parts.count == 3, let next = parts[1].integer, let rest = parts[2].integer
            else { throw .unavailable("shard \(right) answered no changes") }
            place = next
            if rest <= countMax { return place }
        }
    }

    /// Asks for a chunk and takes it over; gives the whole answer, of two parts at least.
    private func take(
        _ words: [[UInt8]], _ begun: UInt64
    ) async throws(CommandRefusal) -> [RESPValue] {
        guard .now() < deadline else { throw .unavailable("the merge takes too long") }
        let answer = try await ask(words)
        guard let parts = answer.elements, parts.count >= 2, case .bulk(let bytes) = parts[0]
        else { throw .unavailable("shard \(right) answered no rows") }
        var reader = ByteReader(bytes.span)
        guard let chunk = try? MergeChunk(decoding: &reader) else {
            throw .unavailable("shard \(right) answered no rows")
        }
        if chunk.isEmpty { return parts }
        guard case .ok = try await server.carryOut(.take(begun: begun, chunk), on: left) else {
            throw .unavailable("the merge was ended by somebody else")
        }
        return parts
    }

    /// As far as that is possible from here; what is left the sweep does.
    private func giveUp(_ begun: UInt64) async {
        if server.hasEnded { return }
        guard let absorbing = left.state.table.ties.absorbing, absorbing.begun == begun else {
            return
        }
        await server.end(absorbing, of: left)
        if left.state.table.ties.absorbing != nil { return }
        server.log.info("merge given up", ["shard": left.id, "other": right])
        _ = try? await ask("THAW", ["\(left.id)", "\(begun)"])
    }

    // MARK: Asking the other one

    private func ask(_ part: String, _ words: [String]) async throws(CommandRefusal) -> RESPValue {
        try await ask(([part] + words).map { Array($0.utf8) })
    }

    private func ask(_ words: [[UInt8]]) async throws(CommandRefusal) -> RESPValue {
        var bytes: [UInt8] = []
        bytes.appendRESP(command: ["MERGEPART", "\(right)"].map { Array($0.utf8) } + words)
        let limit = min(deadline, .now() + server.transactions.limits.partTimeout)
        let reply = await server.transactions.ask(right, bytes, deadline: limit)
        switch reply {
        case .success(.error(let text)): throw .unavailable(text)
        case .success(let value): return value
        case .failure(let error): throw .unavailable("shard \(right): \(error)")
        }
    }
}
