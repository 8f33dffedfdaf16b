// What comes before a split, asked for by the shard's leader, so that the right half is away for no
// longer than it takes to elect its leader: every host that can be reached has a shadow of the state
// that keeps up, and no transaction across shards is unfinished.
//
//     SHARD COPY shard       to any replica: :1 once it has a shadow that keeps up, :0 until then
//
// The first part takes as long as copying takes, and disturbs nobody. The second turns new
// transactions away for a moment, and is bounded: a shard that is never free of them is split, too.

import Blueprint
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Wire

@ReactorActor
struct ShardSplitting {
    let server: StoreServer
    let replica: StoreGroup

    /// How long copies may take before the split is given up.
    static let copyTimeout = Duration.seconds(120)
    private static let answerTimeout = Duration.milliseconds(300)

    func run(_ split: ShardSplit) async throws(CommandRefusal) -> Int64 {
        try await prepareCopies()
        try await server.quieten(replica)
        switch await replica.propose(split.encoded) {
        case .applied(.integer(let child)): return child
        case .applied:
            _ = try await server.carryOut(.lift, on: replica)
            throw .unavailable("the shard is not what it was")
        case .refused(let refusal): throw server.commands(on: replica).refused(refusal)
        case .unknown: throw .unknown("no majority answered in time")
        }
    }

    /// Waits until this host, and of the others all that answer, have a shadow; that must be a majority.
    private func prepareCopies() async throws(CommandRefusal) {
        let deadline = MonotonicTime.now() + Self.copyTimeout
        let members = replica.membership.members
        let peers = members.filter { $0 != replica.replica }
            .compactMap { server.routes.address(of: $0)?.client.address }.map { RESPClient($0) }
        defer { for peer in peers { peer.close() } }
        while !server.hasEnded, replica.isLeader {
            let isReady = replica.state.prepareSplit()
            let answers = peers.map { peer in
                Task { @ReactorActor in await self.ask(peer) }
            }
            var states = [isReady]
            for answer in answers { if let state = await answer.value { states.append(state) } }
            if states.allSatisfy({ $0 }), states.count * 2 > members.count { return }
            guard .now() < deadline else {
                throw .unavailable("the shard could not be copied in time")
            }
            await Reactor.sleep(for: .milliseconds(5))
        }
        throw .notLeader(nil)
    }

    private func ask(_ peer: RESPClient) async -> Bool? {
        let reply = try? await peer.call(
            ["SHARD", "COPY", "\(replica.id)"], deadline: .now() + Self.answerTimeout)
        return reply?.integer.map { $0 == 1 }
    }
}
