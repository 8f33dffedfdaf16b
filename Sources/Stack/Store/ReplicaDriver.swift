// Runs one Raft replica: brings ticks, messages and commands to the pure core, and does what its
// readies ask, in the order that Ready.swift prescribes.
//
// A turn of the loop steps whatever came in (`schedule` sees to it that one `advance` follows for all
// of it), so a burst of commands becomes one append message and one fsync. The fsync runs on another
// thread; readies go on meanwhile, and what they write waits for the next fsync (ReplicaDriver+Disk).
// What waits for clients is in ReplicaDriver+Clients.

import Blueprint
import Determinism
import Linux
import Raft
import Reactor
import Telemetry

/// The bounds of one replica; what they cost is said beside each.
struct ReplicaLimits: Sendable {
    /// Writes that wait for their majority; more are refused as overload.
    var pendingWritesMax = 8192
    /// Reads that wait for their quorum or for the state; more are refused as overload.
    var pendingReadsMax = 16_384
    /// How long a client waits for a write or a read before it is told that nobody knows.
    var answerTimeout = Duration.milliseconds(1500)
    /// Ticks in one heartbeat: the grain of election timeouts, and so the chance of split votes.
    var ticksPerHeartbeat = 5
    /// Entries, or bytes of entries, applied between two checkpoints of the state: what a start has
    /// to apply again.
    var checkpointEntries = 10_000
    var checkpointBytes = 16 << 20
    /// Entries kept behind a checkpoint, in memory and on the disk, so that a follower that was
    /// away for a few seconds needs no snapshot.
    var compactionMargin: UInt64 = 20_000
}

@ReactorActor
final class ReplicaDriver {
    let id: NodeID
    let limits: ReplicaLimits
    let log: Log
    let state: KeyValueState
    let storage: RaftStorage
    let folder: String
    private let tick: Duration

    var node: RaftNode
    /// Sends a message to another replica, or loses it.
    var send: @ReactorActor (RaftMessage) -> Void = { _ in }
    /// Sends a snapshot to the message's receiver; false when it did not arrive.
    var transfer: @ReactorActor (SnapshotFile, RaftMessage) async -> Bool = { _, _ in false }
    /// Called once a batch of messages was posted.
    var didPost: @ReactorActor () -> Void = {}

    /// Readies whose writes, and whose messages after them, wait for the disk; oldest first.
    var awaitingDisk: [AwaitingDisk] = []
    var isSyncing = false
    /// Woken when a sync is over and nothing waits for the next.
    let idle = Turnstile()

    /// Committed entries that wait until the state is free.
    var backlog: [LogEntry] = []
    /// Bytes of entries that were applied since the last checkpoint.
    var appliedBytes = 0
    /// Asks for a checkpoint before one is due.
    var wantsCheckpoint = false
    /// True while a snapshot takes the place of the state: no ready is taken meanwhile.
    var isInstalling = false
    /// A snapshot that has arrived and that the core was told of.
    var stagedSnapshot: SnapshotFile?
    var isSendingSnapshot = false
    var isReceivingSnapshot = false
    /// A copy of the state that waits for a checkpoint.
    var waitingCopy: Promise<SnapshotWork?>?
    /// The state has little room left; writes are refused, or applying one would end the process.
    var isNearlyFull = false
    /// Woken when a checkpoint, a copy or an installation is over.
    let stateChanged = Turnstile()

    var writes = PendingWrites()
    var reads = PendingReads()

    /// By what the core announced last.
    private(set) var isLeader = false
    private(set) var isRunning = true
    private var isScheduled = false

    init(
        node: RaftNode, state: KeyValueState, storage: RaftStorage, folder: String, tick: Duration,
        limits: ReplicaLimits, log: Log
    ) {
        id = node.status.id
        self.node = node
        self.state = state
        self.storage = storage
        self.folder = folder
        self.tick = tick
        self.limits = limits
        self.log = log
    }

    // MARK: Events

    /// A message from another replica has arrived.
    func receive(_ message: RaftMessage) {
        // A snapshot counts only with its bytes, see `receiveSnapshot`.
        if case .installSnapshot = message.body { return }
        guard isRunning else { return }
        node.step(.message(message))
        schedule()
    }

    /// Messages to a peer may have been lost.
    func didLoseMessages(to peer: NodeID) {
        guard isRunning else { return }
        node.step(.unreachable(peer))
        schedule()
    }

    /// Hands leadership to whichever follower is furthest, if this replica leads.
    func transferLeadership() {
        guard isRunning, isLeader else { return }
        let status = node.status
        guard let best = status.matches.filter(\.isActive).max(by: { $0.match < $1.match }) else {
            return
        }
        node.step(.transferLeadership(to: best.id))
        schedule()
    }

    /// Counts time until `stop`.
    ///
    /// After a pause of the process, what lies in the sockets is stepped first: it holds the news.
    func tickRegularly() async {
        var last = MonotonicTime.now()
        while isRunning {
            await Reactor.sleep(until: last + tick)
            if .now() - last > tick * 4 {
                for _ in 0..<3 { await Task.yield() }
            }
            guard isRunning else { return }
            let count = max(1, (MonotonicTime.now() - last).nanoseconds / tick.nanoseconds)
            last = last + tick * Int(count)
            node.step(.tick(count: Int(count)))
            advance()
        }
    }

    /// Stops at once, as a crash would, but for the sync that is under way: it is waited for.
    func stop() async {
        isRunning = false
        writes.loseAll()
        reads.loseAll()
        while isSyncing { _ = await idle.wait() }
        waitingCopy?.fulfil(nil)
        while state.isCheckpointing || state.isSnapshotting || isInstalling {
            _ = await stateChanged.wait()
        }
    }

    // MARK: Readies

    /// Makes one `advance` follow whatever else this turn of the loop brings.
    func schedule() {
        if isScheduled { return }
        isScheduled = true
        Task { @ReactorActor in
            isScheduled = false
            advance()
        }
    }

    /// Takes readies until there are none.
    func advance() {
        guard isRunning else { return }
        openReadRound()
        while !isInstalling, let ready = node.takeReady() { carryOut(ready) }
        settleState()
        didPost()
        startSync()
    }

    /// Sends a message, and a snapshot with its bytes.
    func post(_ message: RaftMessage) {
        if case .installSnapshot = message.body {
            offerSnapshot(message)
        } else {
            send(message)
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
                "role": change.role.rawValue, "term": change.term,
                "leader": change.leader.map(\.description) ?? "-",
            ])
    }

    /// Ends the process: after a failed write nothing that this replica says can be relied on.
    func fail(_ what: String, _ error: some Error) -> Never {
        log.error(what, ["error": "\(error)"])
        CurrentProcess.exit(70)
    }
}
