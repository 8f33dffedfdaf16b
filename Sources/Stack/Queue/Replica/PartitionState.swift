// A partition as the state machine of a Raft group: it lives in memory, and a checkpoint writes all
// of it into one file.
//
// The file is written beside the old one and takes its place, so a crash leaves one of the two
// whole; the log keeps every entry behind the file that is there. The state can be read and changed
// while a checkpoint runs: the helper thread encodes a copy, which costs nothing until a change
// touches what both share.

import Linux
import Raft
import Reactor
import Replication

@ReactorActor
final class PartitionState: ReplicatedState {
    /// One for each command of an entry.
    typealias Reply = [PartitionReply]
    typealias Failure = PartitionStateError

    var partition: Partition
    private(set) var applied: LogPosition
    private(set) var checkpointed: LogPosition
    private(set) var membership: Membership
    /// Told after each batch.
    var didApply: @ReactorActor () -> Void = {}
    private let path: String
    /// What the file holds; nil while there is none.
    private var saved: SnapshotFile?

    /// Reads the file in the folder, or starts an empty partition.
    init(
        folder: String, index: Int, policy: PartitionPolicy, founders: Membership
    ) throws(PartitionStateError) {
        path = "\(folder)/partition-\(index + 1)"
        partition = Partition(index: index, policy: policy)
        applied = .zero
        checkpointed = .zero
        membership = founders
        do {
            try File.makeDirectories(folder)
        } catch {
            throw .system(error)
        }
        if File.exists(path) { try take(try PartitionFile.read(path)) }
    }

    var isFree: Bool { true }
    var checkpointBytes: Int { saved?.byteCount ?? 0 }

    func apply(_ entries: [LogEntry]) -> [Reply?] {
        let replies = entries.map(apply)
        didApply()
        return replies
    }

    private func apply(_ entry: LogEntry) -> Reply? {
        guard entry.index > applied.index else { return nil }
        applied = entry.position
        switch entry.payload {
        case .noOp: return nil
        case .configuration(let membership):
            self.membership = membership
            return nil
        case .command(let bytes):
            // Nobody waits for commands of another build: its leader is gone.
            guard let batch = try? CommandBatch(bytes.span) else { return [] }
            return partition.apply(batch)
        }
    }

    // MARK: Files

    func checkpoint() async throws(PartitionStateError) {
        let (partition, path) = (partition, path)
        let descriptor = SnapshotDescriptor(position: applied, membership: membership)
        let result = await offload {
            Result<SnapshotFile, PartitionStateError> { () throws(PartitionStateError) in
                try PartitionFile.write(partition, descriptor, to: path)
            }
        }
        saved = try result.get()
        checkpointed = descriptor.position
    }

    func copy(to path: String) async throws(PartitionStateError) -> SnapshotFile {
        guard let saved else { preconditionFailure("a copy follows a checkpoint") }
        let result = await offload {
            Result<Void, PartitionStateError> { () throws(PartitionStateError) in
                do throws(SyscallError) {
                    try File.save(try File.contents(of: saved.path), to: path)
                } catch {
                    throw .system(error)
                }
            }
        }
        try result.get()
        return SnapshotFile(
            path: path, descriptor: saved.descriptor, byteCount: saved.byteCount,
            checksum: saved.checksum)
    }

    func install(_ file: SnapshotFile) async throws(PartitionStateError) {
        let (path, received) = (path, file.path)
        let result = await offload {
            Result<PartitionFile, PartitionStateError> { () throws(PartitionStateError) in
                let content = try PartitionFile.read(received)
                try PartitionFile.move(received, to: path)
                return content
            }
        }
        try take(try result.get())
        didApply()
    }

    private func take(_ file: PartitionFile) throws(PartitionStateError) {
        guard file.partition.index == partition.index,
            file.partition.policy.partitionCount == partition.policy.partitionCount
        else { throw .foreign(path: path) }
        partition = file.partition
        applied = file.descriptor.position
        checkpointed = applied
        membership = file.descriptor.membership
        saved = SnapshotFile(
            path: path, descriptor: file.descriptor, byteCount: file.byteCount,
            checksum: file.checksum)
    }
}
