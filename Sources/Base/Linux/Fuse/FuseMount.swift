// A file system in a process of our own: the kernel hands its requests over an open /dev/fuse
// (Documentation/filesystems/fuse.rst). Any user may mount one inside a user namespace of theirs,
// as long as they may open the device, so what a host allows is tried and never assumed.

import CLinux
import Glibc

/// Mounting and unmounting FUSE file systems in the calling thread's mount namespace.
package enum FuseMount {
    package static let devicePath = "/dev/fuse"

    /// The device, open but not yet joined to a mount.
    package static func openDevice() throws(SyscallError) -> FileDescriptor {
        try File.open(devicePath, .readWrite)
    }

    /// mount(2): from now on requests for the folder come over the device.
    ///
    /// Once the last descriptor of the device is closed, every request fails with ENOTCONN.
    package static func mount(
        _ device: borrowing FileDescriptor, at folder: String
    ) throws(SyscallError) {
        let raw = device.raw
        try checked("mount(fuse \(folder))") { unsafe fl_fuse_mount(raw, folder) }
    }

    /// umount2(2); a lazy one takes the mount out of sight at once, whoever still uses it.
    ///
    /// False when nothing was mounted there.
    @discardableResult
    package static func unmount(_ folder: String, isLazy: Bool) throws(SyscallError) -> Bool {
        do {
            try checked("umount(\(folder))") { unsafe fl_unmount(folder, isLazy ? 1 : 0) }
            return true
        } catch {
            if error.errno == .invalid || error.errno == .noEntry { return false }
            throw error
        }
    }

    /// umask(2) of nothing: the kernel has applied the mask of whoever makes a file already.
    package static func keepFileModes() { umask(0) }

    /// The folders at which this process sees a file system of ours, from /proc/self/mountinfo.
    package static func standing() throws(SyscallError) -> [String] {
        try File.text(of: "/proc/self/mountinfo").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.contains("fuse.faultline") && fields.count > 4 ? String(fields[4]) : nil
        }
    }
}
