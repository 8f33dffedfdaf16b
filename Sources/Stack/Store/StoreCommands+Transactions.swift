// What shards ask of one another, and the client's transactions that need it.

import Blueprint
import Raft
import Reactor
import Replication
import Wire

extension StoreCommands {
    /// Nil when the keys are all of one shard, which then has to be this one.
    func plan(for action: StoreCommand.Action) throws(CommandRefusal) -> TransactionPlan? {
        guard case .transact(let transaction) = action, transactions.reachesAll else { return nil }
        do throws(StoreCommandError) {
            let plan = try TransactionPlan(transaction, shardCount: settings.shardCount)
            return plan?.isSpread == true ? plan : nil
        } catch {
            throw .syntax(error.description)
        }
    }

    /// Takes a step of a transaction into this shard's log.
    func takeStep(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let bytes = try words.take()
        try words.expectEnd()
        guard let decoded = try? StoreCommand(decoding: bytes.span),
            case .step(let step) = decoded.action
        else { throw .syntax("not a step of a transaction") }
        for key in decoded.action.keys { try check(key) }
        if let home = step.mustBeHome, home != UInt64(settings.shard) { throw .wrongShard }
        switch await replica.propose(bytes) {
        case .applied(let reply): return .bulk(reply.encoded)
        case .refused(let refusal): throw refused(refusal)
        case .unknown: throw .unknown("no majority answered in time")
        }
    }

    /// What became of a transaction that began here.
    func tellStatus(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        var words = CommandWords(command)
        let id = TransactionID(home: try words.takeCount(), begun: try words.takeCount())
        try words.expectEnd()
        guard id.home == UInt64(settings.shard) else { throw .wrongShard }
        switch await replica.readBarrier() {
        case .refused(let refusal): throw refused(refusal)
        case .lost: throw .unavailable("no quorum confirmed the read")
        case .ready: break
        }
        do throws(StateError) {
            return .simple(try replica.state.table.status(of: id).rawValue)
        } catch {
            throw .unavailable(error.description)
        }
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
