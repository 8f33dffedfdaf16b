// The coordinator of one transaction. It keeps nothing: if it dies, a retry of the client's request
// finds the transaction at home and carries it on, and without one the shards end it by themselves.

import Endpoints
import Linux
import Reactor
import Replication
import Wire

/// What one participant says to `prepare`.
private enum Vote: Equatable, Sendable {
    case yes
    case failed(place: Int)
    case refused(StoreReply.Refusal)
    case locked
    /// No answer, or one that is no vote.
    case lost(String)
}

/// What came of one try.
private enum Attempt {
    case done(StoreReply)
    /// Certainly without effect, and worth another try.
    case again(String)
}

extension ShardTransactions {
    /// Carries a transaction out over its shards; the reply is final.
    func coordinate(
        _ transaction: Transaction, for request: RequestID?
    ) async throws(CommandRefusal) -> StoreReply {
        guard coordinatedCount < limits.coordinatedMax else {
            throw .overloaded("too many transactions are under way")
        }
        coordinatedCount += 1
        defer { coordinatedCount -= 1 }
        // A step that is sent twice has to be known for the same.
        let request = request ?? anonymousRequest()
        let deadline = MonotonicTime.now() + limits.answerTimeout
        var count = 0
        while true {
            switch try await attempt(try plan(transaction), request, deadline) {
            case .done(let reply): return reply
            case .again(let why):
                count += 1
                await backOff(count)
                guard .now() < deadline else { throw .unavailable(why) }
            }
        }
    }

    /// By what is known of the shards now; who is wrong about a key is told so by its shard.
    private func plan(_ transaction: Transaction) throws(CommandRefusal) -> TransactionPlan {
        let plan: TransactionPlan?
        do throws(StoreCommandError) {
            plan = try TransactionPlan(transaction) { routes.owner(of: $0)?.shard.rawValue }
        } catch {
            throw .syntax(error.description)
        }
        guard let plan else { throw .wrongShard(version: 0, nil) }
        return plan
    }

    private func attempt(
        _ plan: TransactionPlan, _ request: RequestID, _ deadline: MonotonicTime
    ) async throws(CommandRefusal) -> Attempt {
        let id: TransactionID
        switch try await begin(plan, request, deadline) {
        case .begun(let begun): id = begun
        case .locked: return .again("a key is held")
        case .expired: throw .sessionExpired
        case .refused(.overloaded): throw .overloaded("too many transactions are prepared")
        case .refused(.moved): return .again("a key has moved to another shard")
        case let reply: return .done(reply)
        }
        try await reach(.begun)
        let votes = await prepare(plan, id, deadline)
        try await reach(.prepared)
        let no = trustsEveryVote ? nil : votes.first { $0 != .yes }
        return try await decide(plan, id, no: no, deadline)
    }

    private func reach(_ moment: CoordinatorMoment) async throws(CommandRefusal) {
        await pause(moment)
        // A node that stops says no more, as one that was killed.
        if !isRunning { throw .unknown("this node stops") }
    }

    private func begin(
        _ plan: TransactionPlan, _ request: RequestID, _ deadline: MonotonicTime
    ) async throws(CommandRefusal) -> StoreReply {
        let step = TransactionStep.begin(
            plan.homePart, home: plan.home, participants: plan.others.map(\.shard))
        do throws(SeekError) {
            return try await send(step, for: request, to: plan.home, deadline: deadline)
        } catch {
            switch error {
            case .unavailable(let why): throw .unavailable(why)
            case .unknown(let why): throw .unknown(why)
            case .expired: throw .sessionExpired
            }
        }
    }

    /// The votes of the participants, those that settle the client's answer first.
    private func prepare(
        _ plan: TransactionPlan, _ id: TransactionID, _ deadline: MonotonicTime
    ) async -> [Vote] {
        let asked = plan.others.map { shard, part in
            Task { @ReactorActor in await vote(of: shard, on: part, id, deadline) }
        }
        var votes: [Vote] = []
        for vote in asked { votes.append(await vote.value) }
        return votes.sorted { Self.rank($0) < Self.rank($1) }
    }

    private func vote(
        of shard: UInt64, on part: TransactionPart, _ id: TransactionID, _ deadline: MonotonicTime
    ) async -> Vote {
        do throws(SeekError) {
            switch try await send(.prepare(part, id), to: shard, deadline: deadline) {
            case .prepared: return .yes
            case .failed(let place): return .failed(place: place)
            case .locked: return .locked
            case .refused(let refusal): return .refused(refusal)
            case let reply: return .lost("shard \(shard) answered \(reply)")
            }
        } catch {
            return .lost("\(error)")
        }
    }

    private static func rank(_ vote: Vote) -> Int {
        switch vote {
        case .failed(let place): place
        case .refused: Transaction.operationsMax
        case .locked: Transaction.operationsMax + 1
        case .lost: Transaction.operationsMax + 2
        case .yes: Transaction.operationsMax + 3
        }
    }

    private func decide(
        _ plan: TransactionPlan, _ id: TransactionID, no: Vote?, _ deadline: MonotonicTime
    ) async throws(CommandRefusal) -> Attempt {
        let verdict = Self.verdict(no)
        let outcome: StoreReply
        do throws(SeekError) {
            outcome = try await send(.decide(id, verdict), to: plan.home, deadline: deadline)
        } catch {
            throw .unknown("the home shard did not say what was decided")
        }
        try await reach(.decided)
        let isCommitted = if case .committed = outcome { true } else { false }
        let participants = plan.others.map(\.shard)
        Task { @ReactorActor in await finish(id, isCommitted, participants) }
        // Another coordinator of the same request may have been first, either way.
        return isCommitted ? .done(outcome) : Self.afterAbort(no)
    }

    private static func verdict(_ no: Vote?) -> Verdict {
        switch no {
        case nil: .commit
        case .failed(let place): .abort(failed: place)
        case .yes, .refused, .locked, .lost: .abort(failed: nil)
        }
    }

    private static func afterAbort(_ no: Vote?) -> Attempt {
        switch no {
        case .failed(let place): .done(.failed(condition: place))
        case .refused(.overloaded): .again("a shard has too many transactions")
        case .refused(.moved): .again("a key has moved to another shard")
        case .refused(let refusal): .done(.refused(refusal))
        case .locked: .again("a key is held")
        case .lost(let why): .again(why)
        case nil, .yes: .again("the transaction took too long")
        }
    }

    /// Tells the participants what was decided, and home once all of them have done it.
    func finish(_ id: TransactionID, _ isCommitted: Bool, _ participants: [UInt64]) async {
        let deadline = MonotonicTime.now() + limits.finishTimeout
        let told = participants.map { shard in
            Task { @ReactorActor in
                let step = TransactionStep.finish(id, isCommitted: isCommitted)
                return (try? await send(step, to: shard, deadline: deadline)) == .ok
            }
        }
        var allDone = true
        for one in told where await !one.value { allDone = false }
        // What is left undone is found again by the leaders, see ShardTransactions+Resolve.swift.
        guard allDone, isCommitted else { return }
        _ = try? await send(.forget(id), to: id.home, deadline: deadline)
    }
}
