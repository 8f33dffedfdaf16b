// What faults of the disk need of a host: a kernel with FUSE, and the right to open its device. The
// mount itself is tried inside the sandbox; see `InnerTrial`.

import Linux

extension HostCheck {
    static let diskMend =
        "sudo modprobe fuse && sudo chmod 666 /dev/fuse   # a container needs --device /dev/fuse"

    /// Whether data folders can be put on a file system of ours: only some experiments need it, so
    /// `doctor` notes it.
    package static func disks() -> HostFinding {
        do throws(SyscallError) {
            _ = try FuseMount.openDevice()
            return HostFinding(
                name: "disk faults", isMet: true, isNeeded: false,
                detail: "\(FuseMount.devicePath) opens", mend: "")
        } catch {
            return HostFinding(
                name: "disk faults", isMet: false, isNeeded: false, detail: error.description,
                mend: diskMend)
        }
    }
}

extension HostFinding {
    /// The line that mends it; nil when there is nothing to mend.
    var lackingMend: String? { isMet ? nil : mend }
}
