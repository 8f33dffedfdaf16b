// The end of merges whose coordinator did not see to it, and of replicas of shards that are part of
// another one by now.

import Linux
import Raft
import Reactor
import Replication
import Telemetry
import Wire

extension StoreServer {
    /// Ends what nobody is busy with any more, for the shards that are led here.
    func sweepMerges() {
        dropAbsorbed()
        for replica in shards.values {
            replica.state.dropShadow(olderThan: .seconds(10))
            let table = replica.state.table
            if let changed = table.changed, .now() - changed.touched > .seconds(10) {
                table.changed = nil
            }
        }
        for (id, replica) in shards where replica.isLeader {
            let ties = replica.state.table.ties
            if let absorbing = ties.absorbing, !merging.contains(id) {
                sweep(replica) { server in await server.end(absorbing, of: replica) }
            }
            // The other one may be away for ever. If it comes back it finds what is decided here.
            if let frozen = ties.frozen, !frozen.isCeded, isNeglected(id) {
                sweep(replica) { server in
                    let step = MergeStep.thaw(left: frozen.left, begun: frozen.begun)
                    guard case .aborted = try? await server.carryOut(step, on: replica) else {
                        return
                    }
                    server.log.info("thawed", ["shard": id])
                    server.tellShards()
                }
            }
            if ties.isFenced, isNeglected(id) {
                sweep(replica) { server in _ = try? await server.carryOut(.lift, on: replica) }
            }
        }
        touched = touched.filter { shards[$0.key] != nil }
    }

    /// Whether no coordinator has asked anything of the shard for a while.
    private func isNeglected(_ id: GroupID) -> Bool {
        let now = MonotonicTime.now()
        let last = touched[id] ?? now
        touched[id] = last
        return now - last > transactions.limits.lifetime
    }

    /// One thing at a time for each shard.
    func sweep(
        _ replica: StoreGroup, _ work: @escaping @ReactorActor (StoreServer) async -> Void
    ) {
        guard sweeping.insert(replica.id).inserted else { return }
        Task { @ReactorActor in
            await work(self)
            sweeping.remove(replica.id)
        }
    }

    /// Ends a merge that is coordinated by nobody: by itself, or by the word of the shard that was to
    /// be taken in. While that one cannot be asked, this one goes on with its own keys.
    func end(_ absorbing: ShardTies.Absorbing, of replica: StoreGroup) async {
        let outcome: MergeEnd
        if absorbing.isReady {
            let limit = MonotonicTime.now() + .seconds(1)
            guard let told = await word(of: absorbing, for: replica, deadline: limit) else {
                return
            }
            outcome = told
        } else {
            outcome = .givenUp
        }
        let step = MergeStep.end(begun: absorbing.begun, right: absorbing.right, outcome)
        guard let reply = try? await carryOut(step, on: replica) else { return }
        if case .committed = reply {
            log.info("merged", ["shard": replica.id, "took in": absorbing.right])
            tellShards()
            dropAbsorbed()
        }
    }

    /// Has the shard that was to be taken in say what came of it; nil while it cannot be asked.
    private func word(
        of absorbing: ShardTies.Absorbing, for replica: StoreGroup, deadline: MonotonicTime
    ) async -> MergeEnd? {
        var bytes: [UInt8] = []
        bytes.appendRESP(
            command: [
                "MERGEPART", "\(absorbing.right)", "THAW", "\(replica.id)", "\(absorbing.begun)",
            ])
        let answer = await transactions.ask(
            GroupID(absorbing.right), bytes, deadline: deadline)
        return (try? answer.get()).flatMap(MergeEnd.init)
    }

    /// Lets go of replicas whose shard was taken in by another one; that one's log has all of it.
    func dropAbsorbed() {
        for id in shards.keys where routes.isAbsorbed(id) {
            guard dropping.insert(id).inserted else { continue }
            log.info("taken in", ["shard": id, "by": routes.heir(of: id)])
            Task { @ReactorActor in
                await host.remove(id)
                dropping.remove(id)
            }
        }
    }
}

extension MergeEnd {
    /// What the right shard has answered; nil for anything else.
    init?(_ answer: RESPValue) {
        if case .simple("thawed") = answer {
            self = .thawed
            return
        }
        let numbers = (answer.elements ?? []).compactMap { $0.text.flatMap(UInt64.init) }
        guard numbers.count >= 2 else { return nil }
        self = .sealed(
            MergeSeal(
                version: numbers[0], index: numbers[1], absorbed: Array(numbers.dropFirst(2))))
    }
}
