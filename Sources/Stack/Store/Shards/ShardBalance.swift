// Spreading shards over the nodes that are there: what a store is asked for when a node is to be
// relieved, and does by itself when one comes up (StoreServer+Joining.swift). The plan is pure; whoever
// is asked carries it out, one replica at a time.
//
// Nothing is remembered between two moves: each is planned from what the nodes tell then. So a
// coordinator that dies leaves the store with one move done or not, and whoever is asked next goes on.

import Linux
import Raft
import Reactor
import Replication
import Telemetry
import Wire

/// One replica of one shard that changes its node.
struct BalanceMove: Equatable {
    let shard: GroupID
    let from: NodeID
    let to: NodeID
    /// All members after it.
    let members: [NodeID]
}

enum ShardBalance {
    /// The next move; nil when no two nodes differ by more than one replica.
    ///
    /// Only nodes that are there take part: a replica on one that is away stays where it is. With
    /// `receivers` only those are given anything.
    static func next(
        _ shards: [GroupID: [NodeID]], nodes: [NodeID], to receivers: [NodeID]? = nil
    ) -> BalanceMove? {
        var counts = Dictionary(uniqueKeysWithValues: Set(nodes).map { ($0, 0) })
        for node in shards.values.joined() where counts[node] != nil {
            counts[node, default: 0] += 1
        }
        let order = counts.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        guard let fullest = order.last,
            let emptiest = order.first(where: { receivers?.contains($0.key) ?? true }),
            fullest.value - emptiest.value > 1
        else { return nil }
        // The fullest node has more shards than the emptiest, so one of them is not there.
        let movable = shards.filter {
            $0.value.contains(fullest.key) && !$0.value.contains(emptiest.key)
        }
        guard let shard = movable.min(by: { $0.key < $1.key }) else { return nil }
        return BalanceMove(
            shard: shard.key, from: fullest.key, to: emptiest.key,
            members: shard.value.map { $0 == fullest.key ? emptiest.key : $0 }.sorted())
    }

    /// Every move up to the end, if nothing comes in between.
    static func plan(_ shards: [GroupID: [NodeID]], nodes: [NodeID]) -> [BalanceMove] {
        var shards = shards
        var moves: [BalanceMove] = []
        while moves.count < 10_000, let move = next(shards, nodes: nodes) {
            shards[move.shard] = move.members
            moves.append(move)
        }
        return moves
    }
}

extension StoreServer {
    /// How long a balancing may take; what is left then can be asked for again.
    static let balanceTimeout = Duration.seconds(300)

    /// Who has which shard; nil while the voters of one are being changed, when a plan would take
    /// those who come and those who go for replicas alike.
    var placement: [GroupID: [NodeID]]? {
        noteOwnShards()
        return routes.placement
    }

    var balancePlan: [BalanceMove] { ShardBalance.plan(placement ?? [:], nodes: routes.present) }

    /// Moves replicas until no node has two more than another; gives the number of moves.
    func balance() async throws(CommandRefusal) -> Int {
        guard !isBalancing else {
            throw .unavailable("the store is being balanced from here already")
        }
        isBalancing = true
        defer { isBalancing = false }
        let deadline = MonotonicTime.now() + Self.balanceTimeout
        var count = 0
        while let move = try await nextMove(deadline) {
            try await carryOut(move, deadline: deadline)
            count += 1
        }
        return count
    }

    /// Waits until no shard's voters are being changed.
    private func nextMove(_ deadline: MonotonicTime) async throws(CommandRefusal) -> BalanceMove? {
        while !hasEnded {
            if let placement { return ShardBalance.next(placement, nodes: routes.present) }
            guard .now() < deadline else { break }
            await Reactor.sleep(for: .milliseconds(5))
        }
        throw .unavailable("the members of a shard are being changed")
    }

    func carryOut(
        _ move: BalanceMove, deadline: MonotonicTime
    ) async throws(CommandRefusal) {
        let names = move.members.map(routes.name)
        log.info("balancing", ["shard": move.shard, "to": names.joined(separator: ",")])
        var bytes: [UInt8] = []
        bytes.appendRESP(command: ["SHARD", "MOVE", "\(move.shard)", "TO"] + names)
        let limit = min(deadline, .now() + ShardCommands.moveTimeout)
        try await ask(move, bytes, until: limit)
        // The next move is planned from what is told here, so this one has to be told first.
        while !hasEnded, routes.known[move.shard]?.voters?.sorted() != move.members {
            guard .now() < limit else {
                throw .unavailable("no node tells that shard \(move.shard) has moved")
            }
            await Reactor.sleep(for: .milliseconds(5))
            noteOwnShards()
        }
        if hasEnded { throw .unknown("this node stops") }
    }

    /// Moving to where it is does nothing, so a move that takes long is asked for again.
    private func ask(
        _ move: BalanceMove, _ command: [UInt8], until limit: MonotonicTime
    ) async throws(CommandRefusal) {
        while !hasEnded {
            let patience = min(limit, .now() + .seconds(3))
            switch await transactions.ask(move.shard, command, deadline: patience) {
            case .success(.simple("OK")): return
            case .success(let answer):
                throw .unavailable("shard \(move.shard) answered \(answer)")
            case .failure(let error):
                guard .now() < limit else { throw .unavailable("shard \(move.shard): \(error)") }
            }
            await Reactor.sleep(for: .milliseconds(20))
        }
        throw .unknown("this node stops")
    }
}
