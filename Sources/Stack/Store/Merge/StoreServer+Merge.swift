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
        for replica in shards.values { replica.state.dropShadow(olderThan: .seconds(10)) }
        for (id, replica) in shards where replica.isLeader {
            let ties = replica.state.table.ties
            if let absorbing = ties.absorbing, !merging.contains(id) {
                sweep(replica) { server in
                    let step = MergeStep.end(
                        begun: absorbing.begun, right: absorbing.right, nil)
                    _ = try? await server.carryOut(step, on: replica)
                }
            }
            if let frozen = ties.frozen, isNeglected(id) {
                sweep(replica) { server in await server.ask(about: frozen, of: replica) }
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

    /// Makes the shard that was to grow end the merge, and goes on if nothing came of it. While that
    /// one cannot be asked nobody knows, and the shard stays frozen.
    func ask(about frozen: ShardTies.Frozen, of replica: StoreGroup) async {
        var bytes: [UInt8] = []
        bytes.appendRESP(
            command: ["MERGEEND", "\(frozen.left)", "\(frozen.begun)", "\(replica.id)"])
        let left = routes.heir(of: GroupID(frozen.left))
        let answer = await transactions.ask(left, bytes, deadline: .now() + .seconds(1))
        guard case .success(.simple("aborted")) = answer else { return }
        let step = MergeStep.thaw(left: frozen.left, begun: frozen.begun)
        guard case .ok = try? await carryOut(step, on: replica) else { return }
        log.info("thawed", ["shard": replica.id])
        tellShards()
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
