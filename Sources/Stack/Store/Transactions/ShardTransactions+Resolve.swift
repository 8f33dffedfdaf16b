// The end of transactions whose coordinator did not see to it. Every leader looks through what its
// state holds unfinished; a new leader finds there what the old one left.

import Endpoints
import Linux
import Reactor
import Replication
import Telemetry

extension ShardTransactions {
    /// Looks for old transactions until `stop`.
    func sweepRegularly() async {
        while isRunning {
            await Reactor.sleep(for: limits.sweepInterval)
            if isRunning, replica.isLeader, replica.state.isFree { sweep() }
        }
    }

    private func sweep() {
        guard let prepared = try? replica.state.table.preparedTransactions(),
            let committed = try? replica.state.table.committedTransactions()
        else { return }
        let ids = Set(prepared.map(\.id) + committed.map(\.id))
        firstSeen = firstSeen.filter { ids.contains($0.key) }
        for record in prepared where isOld(record.id) {
            start(record.id) { await self.end(record.id) }
        }
        for record in committed where isOld(record.id) {
            start(record.id) { await self.finish(record.id, true, record.participants) }
        }
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
    private func end(_ id: TransactionID) async {
        let deadline = MonotonicTime.now() + limits.finishTimeout
        let step = TransactionStep.decide(id, .abort(failed: nil))
        switch try? await send(step, to: id.home, deadline: deadline) {
        case .committed: await settle(id, isCommitted: true, deadline)
        case .aborted: await settle(id, isCommitted: false, deadline)
        default: log.warning("transaction unresolved", ["home": id.home, "begun": id.begun])
        }
    }

    private func settle(
        _ id: TransactionID, isCommitted: Bool, _ deadline: MonotonicTime
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
    func wait(for holder: TransactionID, _ attempt: Int, deadline: MonotonicTime) async -> Bool {
        await ask(about: holder)
        await backOff(attempt)
        return .now() < deadline
    }

    /// Asks home about a transaction that is prepared here, and does what home has decided.
    func ask(about id: TransactionID) async {
        guard id.home != own, replica.isLeader, asking.insert(id).inserted else { return }
        defer { asking.remove(id) }
        let deadline = MonotonicTime.now() + .milliseconds(500)
        guard let status = try? await status(of: id, deadline: deadline) else { return }
        switch status {
        case .pending: return
        case .committed: await settle(id, isCommitted: true, deadline)
        case .aborted: await settle(id, isCommitted: false, deadline)
        }
    }
}
