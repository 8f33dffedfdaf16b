// What the harness needs of a host, asked of the host itself, each with the one line that mends it.
// Hosts differ: nothing here is assumed from a distribution's name or a kernel's version.

import Linux

/// One fact about this host.
package struct HostFinding: Sendable {
    package let name: String
    package let isMet: Bool
    /// False for what only some experiments need.
    package let isNeeded: Bool
    package let detail: String
    package let mend: String
}

/// Looks at the host; starts nothing.
package enum HostCheck {
    /// `mapBytes` is what a replica of the store is to hold at most.
    package static func all(mapBytes: Int = 1 << 30) -> [HostFinding] {
        var findings = [privileges()]
        if Sandbox.needsUserNamespace { findings += userNamespaces() }
        findings += [descriptors(), addressSpace(mapBytes), diskSpace(), processTable()]
        return findings
    }

    private static func privileges() -> HostFinding {
        HostFinding(
            name: "privileges", isMet: true, isNeeded: true,
            detail: Sandbox.needsUserNamespace
                ? "an ordinary user: the sandbox is a user namespace" : "root",
            mend: "")
    }

    private static func userNamespaces() -> [HostFinding] {
        let limit = number("/proc/sys/user/max_user_namespaces") ?? 1
        let switches: [(path: String, good: Int, mend: String)] = [
            (
                "/proc/sys/kernel/unprivileged_userns_clone", 1,
                "sudo sysctl kernel.unprivileged_userns_clone=1"
            ),
            (
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0,
                "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
            ),
        ]
        return [
            HostFinding(
                name: "user namespaces", isMet: limit > 0, isNeeded: true,
                detail: "at most \(limit)", mend: "sudo sysctl user.max_user_namespaces=15000")
        ]
            + switches.compactMap { path, good, mend in
                guard let value = number(path) else { return nil }
                let name = path.split(separator: "/").last.map(String.init) ?? path
                return HostFinding(
                    name: name, isMet: value == good, isNeeded: true, detail: "\(value)",
                    mend: mend)
            }
    }

    private static func descriptors() -> HostFinding {
        let limit = ResourceLimit.openFiles.hard
        return HostFinding(
            name: "open files", isMet: limit >= 4096, isNeeded: true,
            detail: "at most \(limit) a process", mend: "ulimit -Hn 65536")
    }

    /// Each replica maps its state; a limit on address space shows as ENOMEM in mmap. A process may
    /// have several shards, and maps a snapshot that it examines beside them: four maps are room.
    private static func addressSpace(_ mapBytes: Int) -> HostFinding {
        let limit = ResourceLimit.addressSpace.hard
        let needed = UInt64(4 * max(mapBytes, 1 << 30))
        return HostFinding(
            name: "address space for the store's maps", isMet: limit >= needed, isNeeded: true,
            detail: limit == .max
                ? "unlimited" : "\(limit >> 20) MiB of \(needed >> 20) MiB",
            mend: "ulimit -v unlimited")
    }

    private static func diskSpace() -> HostFinding {
        let free = (try? File.freeSpace(at: ".")) ?? 0
        return HostFinding(
            name: "disk space here", isMet: free >= 1 << 30, isNeeded: true,
            detail: "\(free >> 20) MiB free",
            mend: "rm -rf .faultline/runs   # or --runs=FOLDER on a larger disk")
    }

    private static func processTable() -> HostFinding {
        HostFinding(
            name: "/proc", isMet: File.exists("/proc/self/exe"), isNeeded: true,
            detail: "mounted", mend: "sudo mount -t proc proc /proc")
    }

    private static func number(_ path: String) -> Int? {
        guard let text = try? File.text(of: path) else { return nil }
        return Int(text.prefix { $0.isNumber })
    }
}
