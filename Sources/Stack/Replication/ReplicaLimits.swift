// The bounds of one replica; what they cost is said beside each.

package struct ReplicaLimits: Sendable {
    /// Writes that wait for their majority; more are refused as overload.
    package var pendingWritesMax = 8192
    /// Reads that wait for their quorum or for the state; more are refused as overload.
    package var pendingReadsMax = 16_384
    /// How long a client waits for a write or a read before it is told that nobody knows.
    package var answerTimeout = Duration.milliseconds(1500)
    /// Ticks in one heartbeat: the grain of election timeouts, and so the chance of split votes.
    package var ticksPerHeartbeat = 5
    /// Entries, or bytes of entries, applied between two checkpoints of the state: what a start has
    /// to apply again.
    package var checkpointEntries = 10_000
    package var checkpointBytes = 16 << 20
    /// Entries, and bytes of them, kept behind a checkpoint, in memory and on the disk, so that a
    /// follower that was away for a few seconds needs no snapshot.
    package var compactionMargin: UInt64 = 20_000
    package var compactionMarginBytes = 16 << 20
    /// Bytes of a snapshot in one frame, and so in memory at once on either side.
    package var snapshotChunkBytes = 256 << 10
    /// How long a copy of the state is kept for a follower that it has not reached yet. Entries
    /// behind it are kept as well, within `snapshotHoldBytes`, or it would be of no use.
    package var snapshotLifetime = Duration.seconds(60)
    package var snapshotHoldBytes = 64 << 20

    package init() {}
}
