// The numbers that a driver chooses for one replica. They hold for the life of the process.

/// When a leader may call an entry committed.
package enum CommitRule: Hashable, Sendable {
    /// When a majority of the voters has it on disk (Raft paper, 5.3 and 5.4.2).
    case majority
    /// When the leader alone has it on disk: deliberately unsafe, loses acknowledged writes.
    ///
    /// It exists for experiments that must fail, to show that their checks bite. A node that runs
    /// with it also accepts that a later leader overwrites entries which were called committed,
    /// where a correct one would trap. What it had applied of them stays in its state machine, which
    /// has no way back: its state parts from the others' until a snapshot takes its place.
    case leaderOnly
}

/// The settings of one replica.
package struct RaftConfiguration: Hashable, Sendable {
    /// This replica.
    package var id: NodeID

    /// The group as of its empty log, the same on all of its first members; the log or a snapshot may
    /// say otherwise since. `Membership.joining` on a node that comes to a group that exists.
    package var membership: Membership

    /// Least ticks without a leader before an election; the timeout is drawn from 1 to 2 times this.
    ///
    /// Also the time for which a leader that was heard keeps others from being voted for, and the
    /// interval at which a leader checks that a majority still answers it.
    package var electionTicks = 10

    /// Ticks between two heartbeats; well below `electionTicks`, or healthy leaders are deposed.
    package var heartbeatTicks = 1

    /// Seed of the election timeouts. Replicas with the same seed split their votes for ever.
    package var seed: UInt64

    /// Bytes of entries in one append message; a single larger entry still goes, alone.
    package var appendBytesMax = 256 << 10

    /// Append messages to one follower that were not answered yet; more wait their turn.
    package var appendsInFlightMax = 64

    /// Bytes of entries proposed and not yet committed; more are refused as overload.
    package var uncommittedBytesMax = 16 << 20

    /// Bytes of committed entries in one ready, so that applying never holds up the heartbeats.
    package var committedBytesMax = 1 << 20

    /// Reads that wait for their quorum round; more are refused as overload.
    package var pendingReadsMax = 16_384

    package var readRule = ReadRule.quorumRound

    /// Names this life of the node: another value at each start, drawn at random; zero for none.
    ///
    /// Without it a follower can neither read for itself nor hand on, and knows no staleness.
    package var life: UInt64 = 0

    /// Proposals handed to the leader that were not answered; more are refused as overload.
    package var forwardsMax = 1024

    package var commitRule = CommitRule.majority

    /// A mistake that the core is to make; nil for all purposes but to test the tests.
    package var plantedBug: PlantedBug?

    package init(id: NodeID, membership: Membership, seed: UInt64) {
        self.id = id
        self.membership = membership
        self.seed = seed
    }

    /// Whether the node goes on where a correct one would trap: a bug is there to be seen from outside.
    var toleratesLostCommits: Bool { commitRule == .leaderOnly || plantedBug != nil }

    /// Traps on settings that cannot work together: they are written by programmers, not by users.
    func assertUsable() {
        precondition(heartbeatTicks > 0, "heartbeatTicks must be positive")
        precondition(electionTicks > heartbeatTicks, "electionTicks must exceed heartbeatTicks")
        precondition(appendBytesMax > 0, "appendBytesMax must be positive")
        precondition(appendsInFlightMax > 0, "appendsInFlightMax must be positive")
        precondition(uncommittedBytesMax > 0, "uncommittedBytesMax must be positive")
        precondition(committedBytesMax > 0, "committedBytesMax must be positive")
        precondition(pendingReadsMax > 0, "pendingReadsMax must be positive")
        precondition(forwardsMax > 0, "forwardsMax must be positive")
        if case .lease(let driftPercentMax) = readRule {
            precondition(driftPercentMax >= 0, "driftPercentMax must not be negative")
        }
        if let leaseTicks {
            precondition(leaseTicks > heartbeatTicks, "a lease must outlast a heartbeat's interval")
        }
    }
}
