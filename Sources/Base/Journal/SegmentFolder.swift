// The folder of a journal: the lock on it, and the one place that changes the files in it.
//
// It is shared between the journal on its loop and the batch on a helper thread. Batches never
// overlap (the journal has at most one in flight), so the lock in here is never contended; it is
// there so that the compiler and a mistaken caller meet the same rule.

import Linux
import Synchronization

final class SegmentFolder: Sendable {
    let path: String
    private let options: JournalOptions
    /// Held for as long as the folder object lives; flock(2) is gone with the descriptor.
    private let lock: FileDescriptor
    private let state = Mutex(State())

    private struct State: ~Copyable {
        /// The segment that was touched last, kept open.
        var segment: UInt64?
        var file: FileDescriptor?
        /// The first failure; from then on nothing more is tried.
        var failure: SyscallError?
    }

    /// Takes the lock, or throws `.locked`; makes the folder when it is not there.
    init(path: String, options: JournalOptions) throws(JournalError) {
        self.path = path
        self.options = options
        if !File.exists(path) {
            try system { () throws(SyscallError) in
                try File.makeDirectories(path)
                try File.syncDirectory(File.folder(of: path))
            }
        }
        let lock = try system { () throws(SyscallError) in
            try File.open(path + "/lock", [.readWrite, .create])
        }
        let isOurs = try system { () throws(SyscallError) in try File.tryLock(lock) }
        guard isOurs else { throw .locked(folder: path) }
        self.lock = lock
    }

    func segments() throws(JournalError) -> [UInt64] {
        let names = try system { () throws(SyscallError) in try File.list(path) }
        return names.compactMap(SegmentName.firstIndex).sorted()
    }

    func path(of segment: UInt64) -> String { path + "/" + SegmentName.name(firstIndex: segment) }

    /// Carries out the steps in order; after a failure, now or earlier, throws that failure.
    ///
    /// A failed fsync is never tried again: the kernel marks the pages clean all the same, so the
    /// second call would succeed with the data lost (Rebello et al., "Can Applications Recover from
    /// fsync Failures?", ATC'20). Only the next open, which writes the last batch anew, finds out
    /// what the disk holds.
    func perform(_ steps: [DiskStep]) throws(SyscallError) {
        try state.withLock { state throws(SyscallError) in
            if let failure = state.failure { throw failure }
            do throws(SyscallError) {
                for step in steps { try perform(step, &state) }
            } catch {
                state.failure = error
                state.file = nil
                throw error
            }
        }
    }

    private func perform(_ step: DiskStep, _ state: inout State) throws(SyscallError) {
        switch step {
        case .create(let segment, let header): try create(segment, header, &state)
        case .write(let segment, let offset, let bytes):
            try open(segment, &state)
            try announce(.write(segment: name(segment), offset: offset, count: bytes.count))
            try withFile(&state) { file throws(SyscallError) in
                try File.write(file, bytes.span, at: Int64(offset))
            }
        case .sync(let segment):
            try open(segment, &state)
            try announce(.sync(segment: name(segment)))
            try withFile(&state) { file throws(SyscallError) in try File.dataSync(file) }
        case .cut(let segment, let size):
            try open(segment, &state)
            try announce(.cut(segment: name(segment), size: size))
            try withFile(&state) { file throws(SyscallError) in
                try File.truncate(file, to: Int64(size))
            }
            try announce(.sync(segment: name(segment)))
            try withFile(&state) { file throws(SyscallError) in try File.sync(file) }
        case .remove(let segment): try remove(segment, &state)
        }
    }

    private func create(
        _ segment: UInt64, _ header: [UInt8], _ state: inout State
    ) throws(SyscallError) {
        try announce(.create(segment: name(segment)))
        let file = try File.open(path(of: segment), [.readWrite, .create, .exclusive])
        try announce(.write(segment: name(segment), offset: 0, count: header.count))
        try File.write(file, header.span, at: 0)
        try announce(.sync(segment: name(segment)))
        try File.sync(file)
        try announce(.syncFolder)
        try File.syncDirectory(path)
        state.segment = segment
        state.file = consume file
    }

    private func remove(_ segment: UInt64, _ state: inout State) throws(SyscallError) {
        if state.segment == segment {
            state.segment = nil
            state.file = nil
        }
        try announce(.remove(segment: name(segment)))
        try File.remove(path(of: segment))
        try announce(.syncFolder)
        try File.syncDirectory(path)
    }

    private func open(_ segment: UInt64, _ state: inout State) throws(SyscallError) {
        if state.segment == segment { return }
        state.file = try File.open(path(of: segment), .readWrite)
        state.segment = segment
    }

    private func withFile(
        _ state: inout State, _ body: (borrowing FileDescriptor) throws(SyscallError) -> Void
    ) throws(SyscallError) {
        guard let file = state.file.take() else { preconditionFailure("a segment is open") }
        try body(file)
        state.file = consume file
    }

    private func announce(_ operation: DiskOperation) throws(SyscallError) {
        if let errno = options.beforeOperation(operation) {
            throw SyscallError(stage: "\(operation)", errno: errno)
        }
    }

    private func name(_ segment: UInt64) -> String { SegmentName.name(firstIndex: segment) }
}
