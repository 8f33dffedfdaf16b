// From what the disk holds to a running replica.
//
// The log and the state are written at different times, so a start finds the state behind the log
// (the usual case: the rest is applied again) or, after a crash in the middle of a snapshot's
// installation, ahead of it. In the second case the state stands for the whole log.

import Raft
import Reactor
import Telemetry

extension ReplicaGroup {
    /// Opens a replica on what the log and the state hold of it.
    static func open(
        _ id: GroupID, recovered: RecoveredGroup, configuration: RaftConfiguration, state: State,
        records: SharedLog, folder: String, tick: Duration, limits: ReplicaLimits, log: Log,
        outlets: GroupOutlets
    ) throws(ReplicationError) -> ReplicaGroup {
        let restored = restore(id, recovered, state, records, configuration)
        let node: RaftNode
        do {
            node = try RaftNode(configuration: configuration, restored: restored)
        } catch {
            throw .restore(group: id, error)
        }
        log.info(
            "recovered",
            [
                "group": id, "term": restored.hardState.term, "entries": restored.entries.count,
                "applied": restored.applied, "last": node.status.last,
            ])
        return ReplicaGroup(
            id: id, founding: recovered.founding, node: node, state: state, records: records,
            folder: folder, tick: tick,
            limits: limits,
            log: log, outlets: outlets)
    }

    /// Brings log and state together; resets the log where the state is ahead of it.
    ///
    /// With the planted bug the log may differ from what was applied, and that is no reason for a
    /// reset: entries that were called committed have been overwritten.
    private static func restore(
        _ id: GroupID, _ recovered: RecoveredGroup, _ state: State, _ records: SharedLog,
        _ configuration: RaftConfiguration
    ) -> RestoredState {
        let applied = state.applied
        var restored = RestoredState(
            hardState: recovered.hardState, snapshot: recovered.base, entries: recovered.entries,
            applied: applied.index)
        let base = recovered.base?.position ?? .zero
        let reachesApplied =
            base == applied || recovered.entries.contains { $0.position == applied }
        // A state behind the base is for the core to refuse.
        if reachesApplied || applied.index < base.index || configuration.commitRule == .leaderOnly {
            return restored
        }
        let descriptor = SnapshotDescriptor(position: applied, membership: state.membership)
        restored.snapshot = descriptor
        restored.entries = []
        records.append(.reset(descriptor), of: id)
        return restored
    }
}
