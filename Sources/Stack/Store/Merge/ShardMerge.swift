// The coordinator of a merge, at the leader of the shard that grows. It keeps nothing: if it dies, the
// next leader ends what was begun, the frozen shard hears of it and goes on, and the operator may ask
// again.

import Linux
import Raft
import Reactor
import Replication
import Telemetry
import Wire

/// The moments of a merge at which tests stop its coordinator.
enum MergeMoment: CaseIterable, Sendable {
    case begun, frozen, taken, sealed
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

    private func finish(_ begun: UInt64, _ route: ShardRoute) async throws(CommandRefusal) {
        let version = route.ownership.version
        let frozen = try await ask("FREEZE", ["\(version)", "\(left.id)", "\(begun)"])
        let numbers = (frozen.elements ?? []).compactMap { $0.text.flatMap(UInt64.init) }
        guard let index = numbers.first else {
            throw .unavailable("shard \(right) answered \(frozen)")
        }
        try await reach(.frozen)
        var cursor: [UInt8]? = MergeCursor().encoded
        while let place = cursor { cursor = try await takeChunk(at: place, begun) }
        try await reach(.taken)
        // The freeze has made it the next version.
        let seal = MergeSeal(
            version: version + 1, index: index, absorbed: Array(numbers.dropFirst()))
        let step = MergeStep.end(begun: begun, right: right.rawValue, seal)
        guard case .committed = try await server.carryOut(step, on: left) else {
            throw .unavailable("the merge was ended by somebody else")
        }
        server.log.info("merged", ["shard": left.id, "took in": right])
        server.noteOwnShards()
        try await reach(.sealed)
        server.tellShards()
        server.dropAbsorbed()
    }

    /// Takes some rows over; gives the place of the next ones.
    private func takeChunk(
        at place: [UInt8], _ begun: UInt64
    ) async throws(CommandRefusal) -> [UInt8]? {
        guard .now() < deadline else { throw .unavailable("the merge takes too long") }
        let answer = try await ask(
            ["ROWS", "\(left.id)", "\(begun)"].map { Array($0.utf8) } + [place])
        guard let parts = answer.elements, parts.count == 2, case .bulk(let bytes) = parts[0]
        else { throw .unavailable("shard \(right) answered no rows") }
        var reader = ByteReader(bytes.span)
        guard let chunk = try? MergeChunk(decoding: &reader) else {
            throw .unavailable("shard \(right) answered no rows")
        }
        guard case .ok = try await server.carryOut(.take(begun: begun, chunk), on: left) else {
            throw .unavailable("the merge was ended by somebody else")
        }
        if case .bulk(let next) = parts[1] { return next }
        return nil
    }

    private func giveUp(_ begun: UInt64) async {
        if server.hasEnded { return }
        let step = MergeStep.end(begun: begun, right: right.rawValue, nil)
        guard case .aborted = try? await server.carryOut(step, on: left) else { return }
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
