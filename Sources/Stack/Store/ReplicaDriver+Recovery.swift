// From what the disk holds to a running replica.
//
// The journal and the state are written at different times, so a start finds the state behind the
// log (the usual case: the rest is applied again) or, after a crash in the middle of a snapshot's
// installation, ahead of it. In the second case the state stands for the whole log.

import Blueprint
import Determinism
import Journal
import Linux
import Raft
import Reactor
import Telemetry

extension ReplicaDriver {
    static func open(
        _ folder: String, settings: StoreSettings, seed: UInt64, journal: JournalOptions, log: Log,
        limits: ReplicaLimits = ReplicaLimits()
    ) throws(ReplicaError) -> ReplicaDriver {
        let (storage, contents) = try RaftStorage.open(folder, options: journal)
        let configuration = configuration(settings, seed: seed, limits: limits)
        let state = try openState(folder, settings, configuration.membership)
        let restored = try restore(contents, state, storage, configuration)
        let node: RaftNode
        do {
            node = try RaftNode(configuration: configuration, restored: restored)
        } catch {
            throw .restore(error)
        }
        log.info(
            "recovered",
            [
                "term": restored.hardState.term, "entries": restored.entries.count,
                "applied": restored.applied, "last": node.status.last,
            ])
        return ReplicaDriver(
            node: node, state: state, storage: storage, folder: folder,
            tick: settings.heartbeat / limits.ticksPerHeartbeat, limits: limits, log: log)
    }

    private static func openState(
        _ folder: String, _ settings: StoreSettings, _ voters: Membership
    ) throws(ReplicaError) -> KeyValueState {
        do {
            return try KeyValueState(
                folder: folder + "/state", membership: voters,
                options: KeyValueState.Options(mapSize: settings.mapSize))
        } catch {
            throw .state(error)
        }
    }

    private static func configuration(
        _ settings: StoreSettings, seed: UInt64, limits: ReplicaLimits
    ) -> RaftConfiguration {
        let tick = settings.heartbeat / limits.ticksPerHeartbeat
        let voters = settings.replicas.map { NodeID(UInt64($0.id)) }
        var random = SeededRandom(seed: seed).fork("election").fork("\(settings.replica)")
        var configuration = RaftConfiguration(
            id: NodeID(UInt64(settings.replica)), membership: Membership(voters: voters),
            seed: random.next())
        configuration.heartbeatTicks = limits.ticksPerHeartbeat
        configuration.electionTicks = Int(
            settings.electionTimeout.nanoseconds / max(1, tick.nanoseconds))
        configuration.appendBytesMax = 64 << 10
        configuration.appendsInFlightMax = 32
        configuration.commitRule = settings.acknowledge == .leader ? .leaderOnly : .majority
        return configuration
    }

    /// Brings log and state together; resets the log where the state is ahead of it.
    ///
    /// With the planted bug the log may differ from what was applied, and that is no reason for a
    /// reset: entries that were called committed have been overwritten.
    private static func restore(
        _ contents: RaftStorage.Contents, _ state: KeyValueState, _ storage: RaftStorage,
        _ configuration: RaftConfiguration
    ) throws(ReplicaError) -> RestoredState {
        let applied = state.applied
        var restored = RestoredState(hardState: contents.hardState, applied: applied.index)
        let membership = state.membership
        let reachesApplied = contents.entries.contains { $0.position == applied }
        if reachesApplied || applied == .zero || configuration.commitRule == .leaderOnly {
            (restored.snapshot, restored.entries) = split(contents.entries, membership)
            return restored
        }
        restored.snapshot = SnapshotDescriptor(position: applied, membership: membership)
        restored.entries = RestoredState.entries(of: contents.entries, after: applied)
        if restored.entries.isEmpty {
            do {
                try storage.restart(behind: applied.index)
            } catch {
                throw .journal(error)
            }
        }
        return restored
    }

    /// A log that was compacted starts behind its own first entry, whose term is known.
    private static func split(
        _ entries: [LogEntry], _ membership: Membership
    ) -> (SnapshotDescriptor?, [LogEntry]) {
        guard let first = entries.first, first.index > LogIndex(1) else { return (nil, entries) }
        let base = SnapshotDescriptor(position: first.position, membership: membership)
        return (base, Array(entries.dropFirst()))
    }
}
