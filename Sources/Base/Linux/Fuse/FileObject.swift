// Objects of a file system held by O_PATH descriptors: neither a rename nor an unlink takes away
// what is held, so a file system that passes requests on never follows a path that has moved.

package import CLinux
import Glibc

/// A file, folder or link that is held and may be opened later.
package struct FileObject: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    package var raw: Int32 { descriptor.raw }

    private init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// open(2) with O_PATH of a path.
    package init(path: String) throws(SyscallError) {
        let raw = try checked("open(\(path))") { unsafe fl_open_object(AT_FDCWD, path) }
        descriptor = FileDescriptor(owning: raw)
    }

    /// openat(2) of a name within this folder.
    package func child(_ name: String) throws(SyscallError) -> FileObject {
        let folder = raw
        return FileObject(
            FileDescriptor(
                owning: try checked("openat(\(name))") { unsafe fl_open_object(folder, name) }))
    }

    /// Opens what is held, for reading or writing as the flags of open(2) say.
    package func open(_ options: OpenOptions) throws(SyscallError) -> FileDescriptor {
        let object = raw
        return FileDescriptor(
            owning: try checked("open") { fl_reopen_object(object, options.rawValue) })
    }

    /// fstatat(2).
    package func attributes() throws(SyscallError) -> fuse_attr {
        let object = raw
        var attributes = fuse_attr()
        try checked("fstatat") { unsafe fl_object_attributes(object, &attributes) }
        return attributes
    }

    /// fstatfs(2).
    package func space() throws(SyscallError) -> fuse_kstatfs {
        let object = raw
        var space = fuse_kstatfs()
        try checked("fstatfs") { unsafe fl_object_space(object, &space) }
        return space
    }

    /// The names in this folder, without `.` and `..`.
    package func names() throws(SyscallError) -> [String] {
        try File.list("/proc/self/fd/\(raw)")
    }

    /// readlink(2).
    package func target() throws(SyscallError) -> [UInt8] {
        let object = raw
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = try checked("readlinkat") {
            unsafe bytes.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe readlinkat(
                    object, "", base.assumingMemoryBound(to: CChar.self), buffer.count)
            }
        }
        return Array(bytes.prefix(count))
    }

    // MARK: Changes to the object

    package func setMode(_ mode: UInt32) throws(SyscallError) {
        let object = raw
        try checked("chmod") { fl_object_mode(object, mode) }
    }

    /// `UInt32.max` leaves an owner or group as it is.
    package func setOwner(_ user: UInt32, _ group: UInt32) throws(SyscallError) {
        let object = raw
        try checked("chown") { fl_object_owner(object, user, group) }
    }

    package func setSize(_ size: Int64) throws(SyscallError) {
        let object = raw
        try checked("truncate") { fl_object_size(object, size) }
    }

    /// A time of utimensat(2).
    package enum TimeChange: Sendable {
        case keep, now
        case to(seconds: UInt64, nanoseconds: UInt32)

        /// UTIME_NOW and UTIME_OMIT of the kernel's uapi, which glibc's headers hide from Swift.
        var fields: (Int64, Int64) {
            switch self {
            case .keep: (0, 0x3fff_fffe)
            case .now: (0, 0x3fff_ffff)
            case .to(let seconds, let nanoseconds):
                (Int64(truncatingIfNeeded: seconds), Int64(nanoseconds))
            }
        }
    }

    package func setTimes(access: TimeChange, change: TimeChange) throws(SyscallError) {
        let object = raw
        let (first, second) = (access.fields, change.fields)
        try checked("utimensat") {
            fl_object_times(object, first.0, first.1, second.0, second.1)
        }
    }
}

// MARK: Changes to a folder

extension FileObject {
    /// openat(2) with O_CREAT.
    package func create(
        _ name: String, _ options: OpenOptions, mode: UInt32
    ) throws(SyscallError) -> FileDescriptor {
        let folder = raw
        return FileDescriptor(
            owning: try checked("openat(\(name))") {
                unsafe fl_create(folder, name, options.rawValue, mode)
            })
    }

    /// mknodat(2).
    package func makeNode(_ name: String, mode: UInt32, device: UInt32) throws(SyscallError) {
        let folder = raw
        try checked("mknodat(\(name))") {
            unsafe mknodat(folder, name, mode_t(mode), dev_t(device))
        }
    }

    /// mkdirat(2).
    package func makeFolder(_ name: String, mode: UInt32) throws(SyscallError) {
        let folder = raw
        try checked("mkdirat(\(name))") { unsafe mkdirat(folder, name, mode_t(mode)) }
    }

    /// symlinkat(2).
    package func makeLink(_ name: String, to target: String) throws(SyscallError) {
        let folder = raw
        try checked("symlinkat(\(name))") { unsafe symlinkat(target, folder, name) }
    }

    /// linkat(2): one more name for an object.
    package func addName(_ name: String, for object: Int32) throws(SyscallError) {
        let folder = raw
        try checked("linkat(\(name))") { unsafe fl_link_object(object, folder, name) }
    }

    /// unlinkat(2).
    package func remove(_ name: String, isFolder: Bool) throws(SyscallError) {
        let folder = raw
        try checked("unlinkat(\(name))") {
            unsafe unlinkat(folder, name, isFolder ? Int32(AT_REMOVEDIR) : 0)
        }
    }

    /// renameat2(2).
    package func rename(
        _ name: String, into folder: Int32, as newName: String, flags: UInt32 = 0
    ) throws(SyscallError) {
        let old = raw
        try checked("renameat2(\(name), \(newName))") {
            unsafe fl_rename_object(old, name, folder, newName, flags)
        }
    }
}

extension File {
    /// fallocate(2).
    package static func allocate(
        _ file: borrowing FileDescriptor, mode: UInt32, offset: UInt64, length: UInt64
    ) throws(SyscallError) {
        let raw = file.raw
        try checked("fallocate") {
            fl_allocate(raw, Int32(mode), Int64(clamping: offset), Int64(clamping: length))
        }
    }
}
