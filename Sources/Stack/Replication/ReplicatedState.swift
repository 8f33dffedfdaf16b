// What a replica drives: a state machine that applies committed entries, makes itself durable now and
// then, and can be copied to another replica as one file.
//
// The log is the durable truth, so a state may be behind it: a start applies the rest again. A
// state that lives in a database makes itself durable with a commit; one that lives in memory writes
// itself into a file. Both are `checkpoint` here, and what it covers may leave the log.

package import Raft
package import Reactor

@ReactorActor
package protocol ReplicatedState: AnyObject {
    /// What applying one command answers.
    associatedtype Reply: Sendable
    associatedtype Failure: Error & Sendable

    /// The last entry that was applied; what reads show.
    var applied: LogPosition { get }
    /// The last entry that a crash cannot undo; entries up to it may leave the log.
    var checkpointed: LogPosition { get }
    /// The members of the group as of `applied`.
    var membership: Membership { get }
    /// False while the state can be neither read nor changed, because a checkpoint has hold of it.
    var isFree: Bool { get }
    /// True when writes should be refused before applying one fails.
    var isNearlyFull: Bool { get }
    /// True when nothing more may be applied before a checkpoint has begun.
    var wantsCheckpoint: Bool { get }

    /// Bytes that a checkpoint writes whatever has changed, about. Half as many are applied before
    /// the next one, so that a large state is not written again for every few entries.
    var checkpointBytes: Int { get }

    /// Applies a batch in order, or the first so many of it; one reply for each command.
    ///
    /// Nil is the reply to an entry without a command, and to one that was applied before. It must
    /// depend on the state and the entries alone, or replicas part. A state that stops after an
    /// entry, because it wants a checkpoint of just that place or cannot go on yet, gives as many
    /// replies as it applied; the rest comes again.
    func apply(_ entries: [LogEntry]) throws(Failure) -> [Reply?]

    /// Makes everything applied so far durable.
    ///
    /// What is applied while it runs, where the state stays free, need not be covered.
    func checkpoint() async throws(Failure)

    /// Writes the state to a file, as of the last checkpoint or later.
    ///
    /// Called right after a checkpoint, before anything else is applied: it takes hold of what it
    /// needs before it first suspends. A failed copy harms nobody.
    func copy(to path: String) async throws(Failure) -> SnapshotFile

    /// Puts a received file in the place of the state, atomically and durably; the file is used up.
    ///
    /// Neither checkpoint nor copy runs meanwhile, and nothing is applied.
    func install(_ file: SnapshotFile) async throws(Failure)
}

extension ReplicatedState {
    package var isNearlyFull: Bool { false }
    /// Of a state that writes only what has changed.
    package var checkpointBytes: Int { 0 }
    package var wantsCheckpoint: Bool { false }
}

/// A finished snapshot file and what it holds.
package struct SnapshotFile: Hashable, Sendable {
    package let path: String
    package let descriptor: SnapshotDescriptor
    package let byteCount: Int
    /// CRC-32C of all bytes.
    package let checksum: UInt32

    package init(
        path: String, descriptor: SnapshotDescriptor, byteCount: Int, checksum: UInt32
    ) {
        self.path = path
        self.descriptor = descriptor
        self.byteCount = byteCount
        self.checksum = checksum
    }
}
