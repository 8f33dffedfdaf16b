// The end of transactions whose coordinator did not see to it. Every leader looks through what its
// state holds unfinished; a new leader finds there what the old one left.

import Endpoints
import Linux
import Reactor
import Replication
import Telemetry

extension StoreServer {
    /// Looks for old transactions of the shards that are led here, until the node ends.
    func sweepTransactionsRegularly() async {
        while !hasEnded {
            _ = await ended.wait(deadline: .now() + transactions.limits.sweepInterval)
            guard !hasEnded else { return }
            transactions.sweep(shards.values.filter(\.isLeader))
            sweepMerges()
            sweepLearners()
            balanceForNewcomers()
        }
    }
}

extension ShardTransactions {
    func sweep(_ led: [StoreGroup]) {
        var seen: Set<TransactionID> = []
        for replica in led where replica.state.isFree {
            let own = replica.id.rawValue
            for record in (try? replica.state.table.preparedTransactions()) ?? [] {
                seen.insert(record.id)
                if isOld(record.id) { start(record.id) { await self.end(record.id, on: own) } }
            }
            for record in (try? replica.state.table.committedTransactions()) ?? [] {
                seen.insert(record.id)
                if isOld(record.id) {
                    start(record.id) { await self.finish(record.id, true, record.participants) }
                }
            }
        }
        firstSeen = firstSeen.filter { seen.contains($0.key) }
    }

    private func isOld(_ id: TransactionID) -> Bool {
        let now = MonotonicTime.now()
        let seen = firstSeen[id] ?? now
        firstSeen[id] = seen
        return now - seen > limits.lifetime
    }

    private func start(_ id: TransactionID, _ work: @escaping @ReactorActor () async -> Void) {
        guard asking.count < limits.resolvedAtOnceMax, asking.insert(id).inserted else { return }
        Task { @ReactorActor in
            await work()
            asking.remove(id)
        }
    }

    /// Makes home abort a transaction unless it has committed, and does here what home says.
    private func end(_ id: TransactionID, on own: UInt64) async {
        let deadline = MonotonicTime.now() + limits.finishTimeout
        let step = TransactionStep.decide(id, .abort(failed: nil))
        switch try? await send(step, to: id.home, deadline: deadline) {
        case .committed: await settle(id, isCommitted: true, on: own, deadline)
        case .aborted: await settle(id, isCommitted: false, on: own, deadline)
        default: log.warning("transaction unresolved", ["home": id.home, "begun": id.begun])
        }
    }

    private func settle(
        _ id: TransactionID, isCommitted: Bool, on own: UInt64, _ deadline: MonotonicTime
    ) async {
        // At home the decision itself has done it.
        if id.home == own { return }
        _ = try? await send(
            .finish(id, isCommitted: isCommitted), to: own, deadline: deadline)
        log.info(
            "transaction resolved",
            ["home": id.home, "begun": id.begun, "committed": isCommitted])
    }

    // MARK: Those who wait for a key

    /// Waits a moment for a transaction to end and helps it if home has decided already; false when
    /// the time is up.
    func wait(
        for holder: TransactionID, on replica: StoreGroup, _ attempt: Int,
        until deadline: MonotonicTime
    ) async -> Bool {
        if replica.isLeader { await ask(about: holder, on: replica.id.rawValue) }
        await backOff(attempt)
        return .now() < deadline
    }

    /// Asks home about a transaction that is prepared here, and does what home has decided.
    private func ask(about id: TransactionID, on own: UInt64) async {
        guard id.home != own, asking.insert(id).inserted else { return }
        defer { asking.remove(id) }
        let deadline = MonotonicTime.now() + .milliseconds(500)
        guard let status = try? await status(of: id, deadline: deadline) else { return }
        switch status {
        case .pending: return
        case .committed: await settle(id, isCommitted: true, on: own, deadline)
        case .aborted: await settle(id, isCommitted: false, on: own, deadline)
        }
    }
}
