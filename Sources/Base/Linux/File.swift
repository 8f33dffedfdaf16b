// Files as the durable tiers need them: every call that must reach the disk says so in its name.

import Glibc

/// How a file is opened; close-on-exec is always set.
package struct OpenOptions: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let readOnly = OpenOptions(rawValue: O_RDONLY)
    package static let writeOnly = OpenOptions(rawValue: O_WRONLY)
    package static let readWrite = OpenOptions(rawValue: O_RDWR)
    package static let create = OpenOptions(rawValue: O_CREAT)
    package static let exclusive = OpenOptions(rawValue: O_EXCL)
    package static let truncate = OpenOptions(rawValue: O_TRUNC)
    package static let append = OpenOptions(rawValue: O_APPEND)
    package static let directory = OpenOptions(rawValue: O_DIRECTORY)
    package static let nonBlocking = OpenOptions(rawValue: O_NONBLOCK)
}

/// Calls on files by descriptor.
package enum File {
    /// open(2).
    package static func open(
        _ path: String, _ options: OpenOptions, mode: UInt32 = 0o644
    ) throws(SyscallError) -> FileDescriptor {
        let raw = try checked("open(\(path))") {
            unsafe Glibc.open(path, options.rawValue | O_CLOEXEC, mode_t(mode))
        }
        return FileDescriptor(owning: raw)
    }

    /// read(2): appends at most `max` bytes; 0 is the end of the file.
    @discardableResult
    package static func read(
        _ file: borrowing FileDescriptor, into bytes: inout [UInt8], max: Int
    ) throws(SyscallError) -> Int {
        let raw = file.raw
        var failure: SyscallError?
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: max) { buffer, filled in
            do throws(SyscallError) {
                filled = try checked("read") { unsafe Glibc.read(raw, buffer.baseAddress, max) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        bytes.append(contentsOf: chunk)
        return chunk.count
    }

    /// pread(2): up to `count` bytes from `offset`; fewer only at the end of the file.
    package static func read(
        _ file: borrowing FileDescriptor, at offset: Int64, count: Int
    ) throws(SyscallError) -> [UInt8] {
        let raw = file.raw
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = try checked("pread") {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    guard let base = buffer.baseAddress else { return 0 }
                    return unsafe Glibc.pread(
                        raw, base + filled, count - filled, Int(offset) + filled)
                }
            }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// write(2) until every byte is taken.
    package static func write(
        _ file: borrowing FileDescriptor, _ bytes: Span<UInt8>
    ) throws(SyscallError) {
        let raw = file.raw
        unsafe try writeAll("write", bytes) { base, count, _ in unsafe Glibc.write(raw, base, count)
        }
    }

    /// pwrite(2) until every byte is taken.
    package static func write(
        _ file: borrowing FileDescriptor, _ bytes: Span<UInt8>, at offset: Int64
    ) throws(SyscallError) {
        let raw = file.raw
        unsafe try writeAll("pwrite", bytes) { base, count, done in
            unsafe Glibc.pwrite(raw, base, count, Int(offset) + done)
        }
    }

    /// fdatasync(2): data and the length that is needed to read it are on the disk.
    package static func dataSync(_ file: borrowing FileDescriptor) throws(SyscallError) {
        let raw = file.raw
        try checked("fdatasync") { fdatasync(raw) }
    }

    /// fsync(2).
    package static func sync(_ file: borrowing FileDescriptor) throws(SyscallError) {
        let raw = file.raw
        try checked("fsync") { fsync(raw) }
    }

    /// ftruncate(2).
    package static func truncate(
        _ file: borrowing FileDescriptor, to size: Int64
    ) throws(SyscallError) {
        let raw = file.raw
        try checked("ftruncate") { ftruncate(raw, Int(size)) }
    }

    /// The size in bytes, by fstat(2).
    package static func size(_ file: borrowing FileDescriptor) throws(SyscallError) -> Int64 {
        let raw = file.raw
        var status = stat()
        try checked("fstat") { unsafe fstat(raw, &status) }
        return Int64(status.st_size)
    }

    /// flock(2), exclusive and without waiting; false when somebody else holds it.
    package static func tryLock(_ file: borrowing FileDescriptor) throws(SyscallError) -> Bool {
        let raw = file.raw
        do {
            try checked("flock") { flock(raw, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            if error.errno == .again { return false }
            throw error
        }
    }

    private static func writeAll(
        _ stage: String, _ bytes: Span<UInt8>,
        _ call: (UnsafeRawPointer, Int, Int) -> Int
    ) throws(SyscallError) {
        var done = 0
        while done < bytes.count {
            done += try checked(stage) {
                unsafe bytes.withUnsafeBytes { buffer in
                    guard let base = buffer.baseAddress else { return 0 }
                    return unsafe call(base + done, bytes.count - done, done)
                }
            }
        }
    }
}
