// How much of what a run needs this host gives, beside the namespaces of `capabilityReport`. Hosts
// differ: nothing here is assumed from a distribution's name or a kernel's version.

import Linux

/// Looks at the host; starts nothing, so every run can afford it.
package enum HostResources {
    package static var checks: [HostCheck] {
        [descriptors(), addressSpace(), diskSpace(), processTable()]
    }

    private static func descriptors() -> HostCheck {
        let limit = ResourceLimit.openFiles.hard
        return check(
            "open files", limit >= 4096, problem: "at most \(limit) a process",
            remedy: "ulimit -Hn 65536")
    }

    /// Each replica maps its state; a limit on address space shows as ENOMEM in mmap.
    private static func addressSpace() -> HostCheck {
        let limit = ResourceLimit.addressSpace.hard
        return check(
            "address space for the store's maps", limit >= 4 << 30,
            problem: "\(limit >> 20) MiB a process", remedy: "ulimit -v unlimited")
    }

    private static func diskSpace() -> HostCheck {
        let free = (try? File.freeSpace(at: ".")) ?? 0
        return check(
            "disk space here", free >= 1 << 30, problem: "\(free >> 20) MiB free",
            remedy: "rm -rf .faultline/runs   # or --runs=FOLDER on a larger disk")
    }

    private static func processTable() -> HostCheck {
        check(
            "/proc", File.exists("/proc/self/exe"), problem: "not mounted",
            remedy: "sudo mount -t proc proc /proc")
    }

    private static func check(
        _ name: String, _ isMet: Bool, problem: String, remedy: String
    ) -> HostCheck {
        isMet ? .met(name) : HostCheck(name: name, problem: problem, remedy: remedy)
    }
}
