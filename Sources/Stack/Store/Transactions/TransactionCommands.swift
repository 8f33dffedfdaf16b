// What shards ask of one another for transactions, whichever of a node's replicas it is for.
//
//     TWOPHASE shard bytes     a step for that shard's log; the bytes of the reply
//     TXNSTATUS home begun     asked at home: +pending, +committed or +aborted, linearizable
//
// Refusals are those of StoreCommands.swift.

import Raft
import Reactor
import Replication
import Wire

@ReactorActor
struct TransactionCommands {
    let server: StoreServer

    /// Nil for a command that is none of these.
    func answer(_ command: RESPCommand) async -> RESPValue? {
        do throws(CommandRefusal) {
            switch command.name {
            case "TWOPHASE": return try await takeStep(command)
            case "TXNSTATUS": return try await tellStatus(command)
            default: return nil
            }
        } catch {
            return .error(error.text)
        }
    }

    /// Takes a step of a transaction into a shard's log.
    private func takeStep(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let shard = try words.takeCount()
        let bytes = try words.take()
        try words.expectEnd()
        guard let decoded = try? StoreCommand(decoding: bytes.span),
            case .step(let step) = decoded.action
        else { throw .syntax("not a step of a transaction") }
        if let home = step.mustBeHome, home != shard {
            throw .syntax("a step for the home of another transaction")
        }
        let replica = try replica(of: shard)
        switch await replica.propose(bytes) {
        case .applied(let reply): return .bulk(reply.encoded)
        case .refused(let refusal): throw server.commands(on: replica).refused(refusal)
        case .unknown: throw .unknown("no majority answered in time")
        }
    }

    /// What became of a transaction that began here.
    private func tellStatus(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let id = TransactionID(home: try words.takeCount(), begun: try words.takeCount())
        try words.expectEnd()
        let replica = try replica(of: id.home)
        switch await replica.readBarrier() {
        case .refused(let refusal): throw server.commands(on: replica).refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .ready: break
        }
        do throws(StateError) {
            return .simple(try replica.state.table.status(of: id).rawValue)
        } catch {
            throw .unavailable(error.description)
        }
    }

    private func replica(of shard: UInt64) throws(CommandRefusal) -> StoreGroup {
        let id = server.routes.heir(of: GroupID(shard))
        if let replica = server.shards[id] { return replica }
        let route = server.routes.known[id]
        throw .notLeader(route.flatMap(server.routes.leaderAddress))
    }
}

extension TransactionStep {
    /// The shard that alone may take the step; nil where the keys say it.
    fileprivate var mustBeHome: UInt64? {
        switch self {
        case .begin(_, let home, _): home
        case .decide(let id, _), .forget(let id): id.home
        case .prepare, .finish: nil
        }
    }
}
