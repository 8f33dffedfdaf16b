// Runs one replica of one Raft group: brings ticks, messages and commands to the pure core, and does
// what its readies ask, in the order that Ready.swift prescribes.
//
// A turn of the loop steps whatever came in (`wake` sees to it that one `advance` follows for all of
// it), so a burst of commands becomes one append message and one fsync. The fsync runs on another
// thread; readies go on meanwhile, and what they write waits for the next (ReplicaGroup+Disk.swift).
// What waits for clients is in ReplicaGroup+Clients.swift.

import Linux
package import Raft
package import Reactor
import Telemetry

/// What a host asks of any group, whatever its state machine.
@ReactorActor
protocol HostedGroup: LogClient {
    var id: GroupID { get }
    var isLeader: Bool { get }
    func tick(count: Int)
    func receive(_ message: RaftMessage)
    func didLoseMessages(to peer: NodeID)
    func advance()
    func transferLeadership()
    func takeSnapshot(_ offer: SnapshotOffer, from peer: NodeID, on connection: Connection) async
    func didFindAbsent(_ peer: NodeID) -> PeerFrame?
    func dismissal(of peer: NodeID) -> PeerFrame?
    func believesDismissal(at index: LogIndex) -> Bool
    func stop() async
}

/// What a group asks of its host.
@ReactorActor
struct GroupOutlets {
    /// Sends a message to another replica, or loses it.
    var send: @ReactorActor (RaftMessage) -> Void
    /// Tells another host something, or loses it.
    var tell: @ReactorActor (NodeID, PeerFrame) -> Void
    /// Sends a snapshot to the message's receiver; false when it did not arrive.
    var transfer: @ReactorActor (SnapshotFile, RaftMessage) async -> Bool
    /// Ends this replica for good: the group goes on without it.
    var retire: @ReactorActor () -> Void
    /// Makes one `advance` follow whatever else this turn of the loop brings.
    var wake: @ReactorActor () -> Void
    /// Ticks all groups up to this moment: a lease is good for no read before that.
    var countTime: @ReactorActor () -> Void
}

@ReactorActor
package final class ReplicaGroup<State: ReplicatedState>: HostedGroup {
    package let id: GroupID
    package let replica: NodeID
    package let state: State
    package let limits: ReplicaLimits
    let log: Log
    /// The grain of the group's clock.
    let tick: Duration
    let records: SharedLog
    /// Where snapshots lie while they are sent or arrive.
    let folder: String
    let outlets: GroupOutlets
    /// What a host that is invited is told of the group; the tier's own bytes.
    package var charter: [UInt8]
    /// The commit index at which this replica was invited; zero for a founder.
    package let admittedAt: LogIndex

    var node: RaftNode

    /// Readies whose writes, and whose messages after them, wait for the disk; oldest first.
    var awaitingDisk: [AwaitingDisk] = []
    /// Those that the sync under way covers.
    var goingToDisk: [AwaitingDisk] = []
    /// Woken when nothing waits for the disk any more.
    let settled = Turnstile()

    /// Committed entries that wait until the state is free.
    var backlog: [LogEntry] = []
    /// Bytes of entries that were applied since the last checkpoint.
    var appliedBytes = 0
    var isCheckpointing = false
    var isCopying = false
    /// True while a snapshot takes the place of the state: no ready is taken meanwhile.
    var isInstalling = false
    /// A snapshot that has arrived and that the core was told of.
    var stagedSnapshot: SnapshotFile?
    var isSendingSnapshot = false
    var outgoing: OutgoingSnapshot?
    var isReceivingSnapshot = false
    var incoming: PartialSnapshot?
    /// Bytes of snapshots that did not have to be sent again after a connection broke.
    package internal(set) var resumedBytes = 0
    /// Somebody who waits for a copy of the state, to be made at the next checkpoint.
    var waitingCopy: Promise<SnapshotFile?>?
    /// Woken when a checkpoint, a copy or an installation is over.
    let stateChanged = Turnstile()

    var writes = PendingWrites<State.Reply>()
    var reads = PendingReads()
    /// Ticks since this replica knows that it is no member any more.
    var ticksLeftOut = 0
    /// Woken after each turn in which this group advanced.
    let advanced = Turnstile()

    /// By what the core announced last.
    package private(set) var isLeader = false
    package private(set) var isRunning = true

    init(
        id: GroupID, founding: Founding, node: RaftNode, state: State, records: SharedLog,
        folder: String, tick: Duration, limits: ReplicaLimits, log: Log, outlets: GroupOutlets
    ) {
        self.id = id
        charter = founding.charter
        admittedAt = founding.admittedAt
        replica = node.status.id
        self.node = node
        self.state = state
        self.records = records
        self.folder = folder
        self.tick = tick
        self.limits = limits
        self.log = log
        self.outlets = outlets
    }

    package var status: RaftStatus { node.status }

    // MARK: Events

    /// A message from another replica has arrived.
    func receive(_ message: RaftMessage) {
        // A snapshot counts only with its bytes, see `receiveSnapshot`.
        if case .installSnapshot = message.body { return }
        guard isRunning else { return }
        node.step(.message(message))
        outlets.wake()
    }

    /// Messages to a peer may have been lost.
    func didLoseMessages(to peer: NodeID) {
        guard isRunning else { return }
        node.step(.unreachable(peer))
        outlets.wake()
    }

    func tick(count: Int) {
        guard isRunning else { return }
        node.step(.tick(count: count))
        expireOutgoing()
        countTicksLeftOut(count)
        outlets.wake()
    }

    /// Hands leadership to whichever follower is furthest, if this replica leads.
    package func transferLeadership() {
        guard isRunning, isLeader else { return }
        let status = node.status
        let candidates = status.matches.filter { $0.isActive && !$0.isLearner }
        guard let best = candidates.max(by: { $0.match < $1.match }) else { return }
        transferLeadership(to: best.id)
    }

    /// Hands leadership to one voter, if this replica leads.
    package func transferLeadership(to peer: NodeID) {
        guard isRunning, isLeader else { return }
        node.step(.transferLeadership(to: peer))
        outlets.wake()
    }

    /// Stops at once, as a crash would, but for work on the state that is under way.
    func stop() async {
        isRunning = false
        writes.loseAll()
        reads.loseAll()
        waitingCopy?.fulfil(nil)
        settled.wakeAll()
        advanced.wakeAll()
        while isCheckpointing || isCopying || isInstalling { _ = await stateChanged.wait() }
    }

    // MARK: Readies

    /// Takes readies until there are none.
    func advance() {
        guard isRunning else { return }
        openReadRound()
        while !isInstalling, let ready = node.takeReady() { carryOut(ready) }
        settleState()
        advanced.wakeAll()
    }

    /// Sends a message, and a snapshot with its bytes.
    func post(_ message: RaftMessage) {
        if case .installSnapshot = message.body {
            offerSnapshot(message)
        } else {
            outlets.send(message)
        }
    }

    private func carryOut(_ ready: Ready) {
        for message in ready.messages { post(message) }
        if ready.snapshot == nil { finish(ready) } else { install(ready) }
    }

    /// All of a ready but its immediate messages and its snapshot.
    func finish(_ ready: Ready) {
        persist(ready)
        apply(ready.committed)
        noteReads(ready)
        if let change = ready.change { announce(change) }
    }

    private func announce(_ change: RoleChange) {
        isLeader = change.role == .leader
        if !isLeader { writes.loseAll() }
        log.info(
            "role",
            [
                "group": id, "role": change.role.rawValue, "term": change.term,
                "leader": change.leader.map(\.description) ?? "-",
            ])
    }

    /// Ends the process: after a failed write nothing that this replica says can be relied on.
    func fail(_ what: String, _ error: some Error) -> Never {
        log.error(what, ["group": id, "error": "\(error)"])
        CurrentProcess.exit(70)
    }
}
