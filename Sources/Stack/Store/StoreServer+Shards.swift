// The shards of one node: those that it begins with, those that it is invited to, halves that it founds,
// and those that it lets go of.

import Blueprint
import Linux
package import Raft
import Reactor
package import Replication
import Telemetry
import Wire

extension StoreServer {
    /// Opens every shard that the log knows, or the first one on a node that is new.
    ///
    /// Only a node that never ran founds its first shard: one that the shard has moved away from
    /// would found it a second time.
    func openShards() throws(ReplicationError) {
        let known = host.recovered
        try removeOrphans(keeping: Set(known.keys))
        for (id, group) in known { try openShard(id, group.founding) }
        if host.isNew, settings.newcomer == nil {
            let ownership = settings.ownership(of: settings.shard)
            let founding = Founding(founders: settings.founders, charter: ownership.encoded)
            try openShard(home, founding)
        }
        noteOwnShards()
    }

    private func openShard(_ id: GroupID, _ founding: Founding) throws(ReplicationError) {
        let state: StoreState
        do {
            let ownership = try ShardOwnership(decoding: founding.charter)
            state = try StoreState(
                shard: id, folder: shardFolder(id), founders: founding.founders,
                ownership: ownership, mapSize: settings.mapSize, requestCountMax: requestCountMax)
            if let child = state.table.pendingSplit?.child, host.knows(GroupID(child)) {
                try state.skipCopy(of: GroupID(child))
            }
        } catch {
            throw .state(group: id, error)
        }
        state.splitter = self
        shards[id] = try host.open(
            id, founding, state: state,
            commitRule: settings.acknowledge == .leader ? .leaderOnly : .majority)
        routes.open.insert(id)
    }

    private func shardFolder(_ id: GroupID) -> String { "\(dataFolder)/shards/\(id)" }

    /// A crash may leave the state of a shard that the log does not know, or not any more.
    private func removeOrphans(keeping known: Set<GroupID>) throws(ReplicationError) {
        do {
            try File.makeDirectories("\(dataFolder)/shards")
            for name in try File.list("\(dataFolder)/shards") {
                let isKnown = UInt64(name).map { known.contains(GroupID($0)) } ?? false
                if !isKnown { try File.removeTree("\(dataFolder)/shards/\(name)") }
            }
        } catch {
            throw .system(error)
        }
    }

    // MARK: News

    /// Brings what is known of the own shards up to date.
    func noteOwnShards() {
        for route in ownRoutes { routes.note(route) }
    }

    private var ownRoutes: [ShardRoute] {
        shards.sorted { $0.key < $1.key }.map { id, replica in
            let status = replica.status
            return ShardRoute(
                shard: id, ownership: replica.state.table.ownership, commit: status.commit,
                term: status.term, leader: status.leader, members: status.membership.members,
                absorbed: replica.state.table.ties.absorbed,
                voters: status.membership.isJoint ? nil : status.membership.voters)
        }
    }

    /// Tells the other nodes what is known first-hand.
    func tellShards() {
        noteOwnShards()
        let news = StoreNews(
            isAsking: isAskingForShare, newcomers: routes.newcomers, routes: ownRoutes)
        host.tellAll(news.encoded)
    }

    func tellShardsRegularly() async {
        while !hasEnded {
            noteShare()
            tellShards()
            _ = await ended.wait(deadline: .now() + .milliseconds(500))
        }
    }
}

extension StoreServer: HostTenant {
    /// Takes part in a shard that this node is a member of, unless a replica here is about to be split
    /// into it: that one only lags, and will found it itself.
    package func admit(_ id: GroupID, _ founding: Founding) {
        guard !hasEnded, !routes.isAbsorbed(id),
            let ownership = try? ShardOwnership(decoding: founding.charter)
        else { return }
        for replica in shards.values {
            let own = replica.state.table.ownership
            let willFound =
                own.range.overlaps(ownership.range) && own.version < ownership.version
            let isFounding = replica.state.table.pendingSplit?.child == id.rawValue
            if willFound || isFounding { return }
        }
        do throws(ReplicationError) {
            if File.exists(shardFolder(id)) { try? File.removeTree(shardFolder(id)) }
            try openShard(id, founding)
            log.info("invited", ["shard": id])
        } catch {
            log.error("shard cannot be opened", ["shard": id, "error": error])
        }
    }

    package func didRemove(_ id: GroupID) {
        shards[id] = nil
        routes.open.remove(id)
        try? File.removeTree(shardFolder(id))
    }

    package func didHear(_ bytes: [UInt8], from node: NodeID) {
        guard let news = try? StoreNews(decoding: bytes) else { return }
        routes.didHear(from: node, isAsking: news.isAsking)
        for newcomer in news.newcomers { _ = takeIn(newcomer) }
        for route in news.routes { routes.note(route) }
        dropAbsorbed()
    }
}

extension StoreServer: ShardSplitter {
    /// Only members found; and not on the way through the log of a shard that was split before this
    /// node was invited: then the half has others by now.
    func founds(_ shard: GroupID, at index: LogIndex, members: Membership) -> Bool {
        members.members.contains(settings.node) && index > (shards[shard]?.admittedAt ?? .zero)
    }

    func didSplit(_ half: PendingSplit, at position: LogPosition, members: Membership) {
        noteOwnShards()
        routes.note(
            ShardRoute(
                shard: GroupID(half.child), ownership: half.ownership, commit: position.index,
                term: position.term, leader: nil, members: members.members,
                voters: members.voters))
    }

    func found(
        _ half: PendingSplit, at position: LogPosition, members: Membership, seed: SnapshotFile
    ) async -> Bool {
        let id = GroupID(half.child)
        let folder = shardFolder(id)
        let mapSize = settings.mapSize
        let failure = await offload { () -> StateError? in
            do throws(StateError) {
                try KeyValueState.become(
                    half.ownership, at: position, path: seed.path, mapSize: mapSize)
                try system { () throws(SyscallError) in
                    try File.makeDirectories(folder)
                    try File.rename(seed.path, to: StateTables.path(in: folder))
                    try File.syncDirectory(folder)
                    try File.syncDirectory(File.folder(of: folder))
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure {
            log.error("half of a shard cannot be founded", ["shard": id, "error": failure])
            return false
        }
        let founding = Founding(founders: members, charter: half.ownership.encoded)
        return await host.found(id, founding, at: position)
    }

    /// The replica that leads the left half also asks for the right one's votes first: its clients are
    /// here.
    func didFound(_ child: GroupID) {
        guard !hasEnded, shards[child] == nil, let group = host.recovered[child] else { return }
        do throws(ReplicationError) {
            try openShard(child, group.founding)
        } catch {
            log.error("shard cannot be opened", ["shard": child, "error": error])
            return
        }
        log.info("split off", ["shard": child])
        tellShards()
        Task { @ReactorActor in await campaign(for: child) }
    }

    /// The others may found it a little later, so it asks a few times.
    private func campaign(for child: GroupID) async {
        for _ in 0..<20 {
            guard !hasEnded, let replica = shards[child], replica.status.leader == nil,
                shards.values.contains(where: \.isLeader)
            else { return }
            replica.campaign()
            await Reactor.sleep(for: .milliseconds(20))
        }
    }
}
