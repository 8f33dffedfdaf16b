// One replica of a simulated group: the core, its disk, its state machine, and the driver's own memory.

import Raft

struct SimulatedNode {
    private(set) var configuration: RaftConfiguration
    var raft: RaftNode
    var disk = SimulatedDisk()
    var machine = Registers()
    /// The log as the readies of this life left it.
    var log = ObservedLog()
    /// Commits up to here were judged.
    var commitSeen = LogIndex.zero
    /// The term in which the node last said that it leads; nil in all other roles.
    var leads: Term?

    /// Readies that are not on disk yet, oldest first.
    var unpersisted: [Ready] = []
    /// How many of them the fsync under way covers; zero: the disk is idle.
    var syncing = 0
    /// States that were streamed here and not installed yet.
    var staged: [SnapshotDescriptor: Registers] = [:]

    /// Writes that wait for their entry, by its index.
    var promised: [LogIndex: [Promised]] = [:]
    /// Writes that were handed to the leader and not answered.
    var handedOn: [Ticket: [UInt64]] = [:]
    /// Reads that are confirmed and wait for the state machine.
    var waitingReads: [ReadState] = []

    /// Counts restarts: what an earlier life began means nothing to the next.
    var life = 0
    var downUntil: SimulatedTime?
    var pausedUntil: SimulatedTime?
    /// What came while the process stood still.
    var held: [SimulatedNetwork.Parcel] = []
    /// A sync that ended while the process stood still.
    var hasHeldSync = false

    /// Ticks that fell due while the process stood still.
    var missedTicks = 0
    /// Percent of true time; several faults multiply.
    var clockRates: [Int] = []
    var diskFactors: [Int] = []

    struct Promised {
        let term: Term
        let write: UInt64
    }

    init(_ configuration: RaftConfiguration) throws(RaftRestoreError) {
        self.configuration = configuration
        raft = try RaftNode(configuration: configuration)
        log = ObservedLog(membership: configuration.membership)
    }

    var id: NodeID { configuration.id }
    var isRunning: Bool { downUntil == nil && pausedUntil == nil }

    /// Nil while the clock stands. Leases keep the clock between true time and their bound.
    func tickInterval(_ nominal: SimulatedTime, driftPercentMax: Int?) -> SimulatedTime? {
        guard !clockRates.isEmpty else { return nominal }
        var rate = clockRates.reduce(100) { $0 * $1 / 100 }
        if let driftPercentMax { rate = min(max(rate, 100), 100 + driftPercentMax) }
        guard rate > 0 else { return nil }
        return SimulatedTime(microseconds: nominal.microseconds * 100 / rate)
    }

    /// Loses all that is not on disk; some of the writes under way may still have landed.
    mutating func lose(landed: UInt8, torn: UInt8) throws(Violation) {
        let whole = unpersisted.count * Int(landed) / 255
        for (place, ready) in unpersisted.enumerated() where place <= whole {
            let staged = ready.snapshot.flatMap { self.staged[$0] }
            try disk.write(ready, staged: staged, partsMax: place < whole ? .max : Int(torn))
        }
        unpersisted = []
        syncing = 0
        staged = [:]
        promised = [:]
        handedOn = [:]
        waitingReads = []
        held = []
        hasHeldSync = false
        leads = nil
        life += 1
    }

    /// Starts again from what the disk has.
    mutating func restart() throws(RaftRestoreError) {
        let restored = disk.restored
        // Another life draws other timeouts and has another name.
        configuration.seed &+= 0x9E37_79B9_7F4A_7C15
        configuration.life = configuration.life &* 0x5851_F42D_4C95_7F2D | 1
        raft = try RaftNode(configuration: configuration, restored: restored)
        log = ObservedLog(restored: restored, initial: configuration.membership)
        machine = disk.machine
        commitSeen = log.base.index
    }
}
