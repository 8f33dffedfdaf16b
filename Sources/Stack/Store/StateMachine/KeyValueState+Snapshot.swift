// Snapshots: a compacted copy of the whole state as one file, and putting such a file in the
// state's place. The file is an LMDB database like the state itself, so it carries position, voters
// and requests, and a checksum over its bytes travels beside it.

import Linux
import Raft
package import Replication
import Wire

/// The work of copying a snapshot, to be carried out once on any thread.
package struct SnapshotWork: Sendable {
    let environment: LMDBEnvironment
    let path: String
    let descriptor: SnapshotDescriptor

    /// Copies, syncs and names the file; a crash leaves either none under `path` or all of it.
    package func perform() -> Result<SnapshotFile, StateError> {
        do throws(StateError) {
            let unfinished = path + ".new"
            try system { () throws(SyscallError) in
                if File.exists(unfinished) { try File.remove(unfinished) }
            }
            try environment.copy(to: unfinished)
            let sum = try FileSum.sync(unfinished)
            try system { () throws(SyscallError) in
                try File.rename(unfinished, to: path)
                try File.syncDirectory(File.folder(of: path))
            }
            return .success(
                SnapshotFile(
                    path: path, descriptor: descriptor, byteCount: sum.byteCount,
                    checksum: sum.checksum))
        } catch {
            return .failure(error)
        }
    }
}

extension KeyValueState {
    package var isSnapshotting: Bool { snapshot != nil }

    /// Starts a snapshot of everything applied, after a blocking checkpoint where one is due.
    ///
    /// The state can be read and changed while the copy runs; checkpoints wait for its end.
    package func beginSnapshot(to path: String) throws(StateError) -> SnapshotWork {
        precondition(snapshot == nil, "one snapshot at a time")
        try checkpoint()
        _ = try transaction()
        let descriptor = SnapshotDescriptor(position: checkpointed, membership: membership)
        snapshot = descriptor
        return SnapshotWork(environment: environment, path: path, descriptor: descriptor)
    }

    /// Ends the snapshot; a failed copy harms nobody and may be tried again.
    package func finishSnapshot(
        _ result: Result<SnapshotFile, StateError>
    ) throws(StateError) -> SnapshotFile {
        precondition(snapshot != nil, "no snapshot is under way")
        snapshot = nil
        return try result.get()
    }

    /// Puts a received snapshot in the place of the state; the file is used up.
    ///
    /// The name changes hands in one rename(2), so a crash leaves either the old state or the new
    /// one. A file that is not what was announced is refused and the state stays as it is.
    package func install(_ file: SnapshotFile) throws(StateError) {
        try Self.examine(file, mapSize: options.mapSize)
        try install(examined: file)
    }

    /// The second half of `install`, for a file that `examine` has passed.
    package func install(examined file: SnapshotFile) throws(StateError) {
        precondition(snapshot == nil, "no install while a snapshot is copied")
        try transaction().abort()
        do throws(StateError) {
            try replaceFile(with: file.path)
        } catch {
            fail(error)
            throw error
        }
    }

    /// Reads the whole file, so call it on a thread that may wait.
    package static func examine(_ file: SnapshotFile, mapSize: Int) throws(StateError) {
        let sum = try FileSum.sync(file.path)
        guard sum.byteCount == file.byteCount, sum.checksum == file.checksum else {
            throw .snapshotMismatch(path: file.path)
        }
        let found = try StateTables.examine(path: file.path, mapSize: mapSize)
        guard found.position == file.descriptor.position,
            found.membership == file.descriptor.membership
        else { throw .snapshotMismatch(path: file.path) }
    }

    private func replaceFile(with path: String) throws(StateError) {
        try system { () throws(SyscallError) in
            try File.rename(path, to: StateTables.path(in: folder))
            try File.syncDirectory(folder)
        }
        let opened = try StateTables.open(
            folder: folder, membership: membership, ownership: ownership, options: options)
        // The old environment closes here, its file without a name by now.
        environment = opened.environment
        tables = opened.tables
        membership = opened.membership
        ownership = opened.ownership
        ties = opened.ties
        pendingSplit = opened.pendingSplit
        changed = nil
        straySearch = StraySearch(in: opened.ownership)
        applied = opened.position
        checkpointed = opened.position
        phase = .open(try opened.environment.begin())
    }
}

/// Length and checksum of a file, read only after an fsync.
private enum FileSum {
    static func sync(_ path: String) throws(StateError) -> (byteCount: Int, checksum: UInt32) {
        try system { () throws(SyscallError) in
            let file = try File.open(path, .readWrite)
            try File.sync(file)
            var sum = CRC32C()
            var offset: Int64 = 0
            while true {
                let bytes = try File.read(file, at: offset, count: 1 << 20)
                if bytes.isEmpty { return (Int(offset), sum.value) }
                sum.update(bytes.span)
                offset += Int64(bytes.count)
            }
        }
    }
}
