// All replicas of one process: they share its log and fsync, its links to the other hosts, its
// listener and its clock, so that a group costs little more than its own work.
//
// A turn: whatever came in (messages, commands, ticks) is stepped into the groups it is for, each of
// which asks to be woken; then all woken groups advance, the links send what has gathered in one
// write each, and one sync starts for all that is to be written.

import Determinism
package import Linux
package import Raft
package import Reactor
package import Telemetry

/// Who owns the groups of a host, and so decides which it takes part in.
@ReactorActor
package protocol HostTenant: AnyObject {
    /// This host is a member of a group that it has no replica of: open one, or let it be. It is
    /// asked again and again while that is so.
    func admit(_ group: GroupID, _ founding: Founding)
    /// A replica is gone from this host for good; its state is of no more use.
    func didRemove(_ group: GroupID)
    /// Another host's tenant has spoken, see `ReplicaHost.tellAll`.
    func didHear(_ bytes: [UInt8], from host: NodeID)
}

extension HostTenant {
    package func didHear(_ bytes: [UInt8], from host: NodeID) {}
}

@ReactorActor
package final class ReplicaHost {
    package let settings: HostSettings
    let log: Log
    let records: SharedLog
    /// Groups that the log knows and that were not opened yet.
    package private(set) var recovered: [GroupID: RecoveredGroup]
    private var groups: [GroupID: any HostedGroup] = [:]
    private(set) var links: [NodeID: PeerLink] = [:]
    private let listener: PeerListener
    private let inbox: Inbox
    /// Decides which groups this host takes part in; without one only those that it opened.
    package weak var tenant: (any HostTenant)?
    private var woken: [GroupID] = []
    private var isWoken: Set<GroupID> = []
    private var isTurnDue = false
    /// Groups whose replica here is ending; until that is durable there is no new one.
    private var leaving: Set<GroupID> = []
    private var toldAbsent: [PeerGroup: MonotonicTime] = [:]
    private var isRunning = true
    private var isDialling = false
    /// Up to when time was counted.
    private var lastTick = MonotonicTime.now()
    /// True when the log was empty: this host takes part in nothing yet, and never did.
    package let isNew: Bool

    /// Reads the log back and listens at once; nothing is heard or said before `run`.
    package init(_ settings: HostSettings, log: Log) throws(ReplicationError) {
        self.settings = settings
        self.log = log
        (records, recovered) = try SharedLog.open(
            settings.folder + "/log", options: settings.journal, log: log)
        isNew = records.lastIndex == 0
        let inbox = Inbox()
        self.inbox = inbox
        do {
            listener = try PeerListener(
                settings.listen, cluster: settings.cluster, id: settings.id,
                limits: settings.links,
                isPeer: { inbox.host?.links[$0] != nil },
                deliver: { peer, frame in inbox.host?.deliver(frame, from: peer) },
                takeSnapshot: { peer, connection in
                    await inbox.host?.takeSnapshot(from: peer, on: connection)
                })
        } catch {
            throw .system(error)
        }
        inbox.host = self
        for peer in settings.peers where peer.id != settings.id { addLink(to: peer) }
        records.didSync = { [weak self] in self?.flushLinks() }
    }

    /// Lets the listener know its host without keeping it.
    @ReactorActor
    private final class Inbox {
        weak var host: ReplicaHost?
    }

    /// Where the other hosts reach this one.
    package var address: SocketAddress { listener.address }
    package var groupIDs: [GroupID] { groups.keys.sorted() }

    /// Whether this host has a replica of a group, open or not.
    package func knows(_ id: GroupID) -> Bool { groups[id] != nil || recovered[id] != nil }

    /// Makes another host known, from now on until this process ends; nothing for one that is.
    package func add(_ peer: HostAddress) {
        guard peer.id != settings.id, links[peer.id] == nil else { return }
        addLink(to: peer)
        guard let link = links[peer.id] else { return }
        link.isBlocked = isCutOff
        if isDialling, isRunning { Task { @ReactorActor in await link.run() } }
    }

    private func addLink(to peer: HostAddress) {
        let hello = PeerHello(cluster: settings.cluster, from: settings.id, to: peer.id)
        links[peer.id] = PeerLink(to: peer.address, hello: hello, limits: settings.links) {
            [weak self] in
            guard let self else { return }
            for group in groups.values { group.didLoseMessages(to: peer.id) }
        }
    }

    // MARK: Groups

    /// Opens this host's replica of a group, on what the disk holds of it or new.
    ///
    /// `founders` are the voters of a group that is new everywhere; all of them must be told the
    /// same. They do not matter to a replica that the log knows already.
    package func open<State: ReplicatedState>(
        _ id: GroupID, founders: Membership, charter: [UInt8] = [], state: State,
        commitRule: CommitRule = .majority
    ) throws(ReplicationError) -> ReplicaGroup<State> {
        try open(
            id, Founding(founders: founders, charter: charter), state: state,
            commitRule: commitRule)
    }

    /// Opens a replica that was invited, or one whose state does not begin empty: then the log
    /// begins behind that state, which is the same on all founders.
    package func open<State: ReplicatedState>(
        _ id: GroupID, _ founding: Founding, state: State, commitRule: CommitRule = .majority
    ) throws(ReplicationError) -> ReplicaGroup<State> {
        precondition(groups[id] == nil, "group \(id) is open")
        let found = recovered.removeValue(forKey: id) ?? found(id, founding, at: state.applied)
        var random = SeededRandom(seed: settings.seed).fork("election").fork("\(settings.id)")
            .fork("\(id)")
        let folder = "\(settings.folder)/snapshots-\(id)"
        do {
            if File.exists(folder) { try File.removeTree(folder) }
            try File.makeDirectories(folder)
        } catch {
            throw .system(error)
        }
        let group = try ReplicaGroup.open(
            id, recovered: found,
            configuration: settings.configuration(
                of: id, membership: found.founding.founders, seed: random.next(),
                commitRule: commitRule),
            state: state, records: records, folder: folder, tick: settings.tick,
            limits: settings.limits, log: log,
            outlets: outlets(of: id))
        groups[id] = group
        return group
    }

    /// Writes down that a group begins here; on the disk with the next sync.
    private func found(
        _ id: GroupID, _ founding: Founding, at position: LogPosition
    ) -> RecoveredGroup {
        var found = RecoveredGroup(founding: founding)
        records.append(.founded(founding), of: id)
        if founding.founders == .joining {
            // An earlier replica of the group on this host may have confirmed entries that are gone
            // with it. Like one that lost its log, this one has its leader forget them, and no vote
            // before it has caught up.
            found.hardState.isRecovering = true
            records.append(.hardState(found.hardState), of: id)
        }
        guard position != .zero else { return found }
        found.hardState = HardState(term: position.term, vote: nil)
        found.base = SnapshotDescriptor(position: position, membership: founding.founders)
        records.append(.hardState(found.hardState), of: id)
        if let base = found.base { records.append(.reset(base), of: id) }
        return found
    }

    /// Writes down, durably, that a group begins here whose state is there already; `open` follows.
    package func found(
        _ id: GroupID, _ founding: Founding, at position: LogPosition
    ) async -> Bool {
        precondition(groups[id] == nil && recovered[id] == nil, "group \(id) is there")
        let found: RecoveredGroup = found(id, founding, at: position)
        guard await records.flush() else { return false }
        recovered[id] = found
        return true
    }

    /// Waits until everything that was said so far is on the disk; false when the host stops.
    package func flush() async -> Bool { await records.flush() }

    /// Ends this host's replica of a group for good, and tells the tenant once that is durable.
    package func remove(_ id: GroupID) async {
        guard let group = groups.removeValue(forKey: id) else { return }
        leaving.insert(id)
        await group.stop()
        records.append(.removed, of: id)
        guard await records.flush() else { return }
        log.info("removed", ["group": id])
        try? File.removeTree("\(settings.folder)/snapshots-\(id)")
        tenant?.didRemove(id)
        leaving.remove(id)
    }

    private func outlets(of id: GroupID) -> GroupOutlets {
        GroupOutlets(
            send: { [weak self] message in self?.links[message.to]?.send(.message(id, message)) },
            tell: { [weak self] peer, frame in self?.links[peer]?.send(frame) },
            transfer: { [weak self] file, message in
                guard let self, let link = links[message.to] else { return false }
                return await link.send(
                    file, message, of: id, chunkBytes: settings.limits.snapshotChunkBytes)
            },
            retire: { [weak self] in
                guard let self else { return }
                Task { @ReactorActor in await remove(id) }
            },
            wake: { [weak self] in self?.wake(id) },
            countTime: { [weak self] in
                guard let self, settings.readRule != .quorumRound else { return }
                countTime()
            })
    }

    // MARK: Turns

    private func wake(_ id: GroupID) {
        if isWoken.insert(id).inserted { woken.append(id) }
        if isTurnDue { return }
        isTurnDue = true
        Task { @ReactorActor in turn() }
    }

    private func turn() {
        isTurnDue = false
        let present = woken
        woken = []
        isWoken = []
        for id in present { groups[id]?.advance() }
        flushLinks()
        records.startSync()
    }

    private func flushLinks() {
        for link in links.values { link.flush() }
    }

    private func deliver(_ frame: PeerFrame, from peer: NodeID) {
        switch frame {
        case .message(let id, let message):
            guard let group = groups[id] else {
                return leaving.contains(id) ? () : answer(.absent(id), to: peer)
            }
            group.receive(message)
            // Only those that campaign speak unasked without being the leader.
            if case .voteRequest = message.body, let dismissal = group.dismissal(of: peer) {
                answer(dismissal, to: peer)
            }
        case .absent(let id):
            if let invitation = groups[id]?.didFindAbsent(peer) { answer(invitation, to: peer) }
        case .invite(let id, let index, let charter):
            guard !knows(id), !leaving.contains(id) else { return }
            tenant?.admit(
                id, Founding(founders: .joining, charter: charter, admittedAt: index))
        case .dismiss(let id, let index):
            guard let group = groups[id], group.believesDismissal(at: index) else { return }
            Task { @ReactorActor in await remove(id) }
        case .gossip(let bytes): tenant?.didHear(bytes, from: peer)
        case .hello, .ping, .alive, .offer, .resume, .chunk, .taken: break
        }
    }

    /// Says something to the tenants of all other hosts that can be reached; it may be lost.
    package func tellAll(_ bytes: [UInt8]) {
        for link in links.values {
            link.send(.gossip(bytes))
            link.flush()
        }
    }

    /// Hosts that know nothing of a group say so to whoever speaks of it, but not to every message.
    private func answer(_ frame: PeerFrame, to peer: NodeID) {
        if case .absent(let id) = frame {
            let key = PeerGroup(peer: peer, group: id)
            if let last = toldAbsent[key], .now() - last < .milliseconds(100) { return }
            if toldAbsent.count > 1024 { toldAbsent = [:] }
            toldAbsent[key] = .now()
        }
        links[peer]?.send(frame)
        links[peer]?.flush()
    }

    private struct PeerGroup: Hashable {
        let peer: NodeID
        let group: GroupID
    }

    private func takeSnapshot(from peer: NodeID, on connection: Connection) async {
        guard let offer = try? await SnapshotStream.offer(on: connection) else { return }
        await groups[offer.group]?.takeSnapshot(offer, from: peer, on: connection)
    }

    // MARK: Life

    /// Listens, dials and counts time until `stop`.
    package func run() async {
        Task { @ReactorActor [listener] in await listener.run() }
        for link in links.values { Task { @ReactorActor in await link.run() } }
        isDialling = true
        await tickRegularly()
    }

    /// Counts time until `stop`.
    ///
    /// After a pause of the process, what lies in the sockets is stepped first: it holds the news.
    private func tickRegularly() async {
        let tick = settings.tick
        lastTick = .now()
        while isRunning {
            await Reactor.sleep(until: isAsleep ? .now() + tick : lastTick + tick)
            if .now() - lastTick > tick * 4 {
                for _ in 0..<3 { await Task.yield() }
            }
            guard isRunning else { return }
            if !isAsleep { countTime() }
        }
    }

    /// Ticks every group as often as it is due.
    private func countTime() {
        let passed = MonotonicTime.now() - lastTick
        let count = Int(passed.nanoseconds / settings.tick.nanoseconds)
        guard count > 0 else { return }
        lastTick = lastTick + settings.tick * count
        for group in groups.values { group.tick(count: count) }
    }

    /// Hands the leadership of every group over, as far as that is possible before the deadline.
    package func handOver(deadline: MonotonicTime) async {
        for group in groups.values { group.transferLeadership() }
        while groups.values.contains(where: \.isLeader), links.values.contains(where: \.isUp) {
            guard .now() < deadline else { return }
            await Reactor.sleep(for: .milliseconds(5))
        }
    }

    /// Stops at once, as a crash would; what was acknowledged is on the disk anyway.
    package func stop() async {
        isRunning = false
        listener.stop()
        for link in links.values { link.stop() }
        for group in groups.values { await group.stop() }
        await records.stop()
        groups = [:]
    }

    /// While true time goes by uncounted, as for a process that is stopped: for tests in one process.
    package var isAsleep = false

    /// Cuts this host off from the others, or lets it back: a partition for tests in one process.
    package var isCutOff = false {
        didSet {
            listener.isBlocked = isCutOff
            for link in links.values { link.isBlocked = isCutOff }
        }
    }

    // MARK: Figures

    /// How long the disk took for each sync, on the loop's own clock.
    package var syncSeconds: FixedHistogram { records.syncSeconds }

    package var figures: HostFigures {
        HostFigures(
            logFirst: records.firstIndex, logLast: records.lastIndex,
            logBytes: records.byteCount, liveBytes: records.live.byteCount,
            syncCount: records.syncCount)
    }
}

/// Figures of the shared log, for INFO and for tests.
package struct HostFigures: Hashable, Sendable {
    package let logFirst: UInt64
    package let logLast: UInt64
    package let logBytes: Int
    /// Bytes of records that a start would need.
    package let liveBytes: Int
    /// Syncs since the start.
    package let syncCount: Int
}
