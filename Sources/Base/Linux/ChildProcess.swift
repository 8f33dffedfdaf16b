// Starting children. The steps between clone(2) and execve(2) run in C (CLinux/child.c); here
// they get their arguments, and a failure gets the name of its stage.

import CLinux
import Glibc

/// A program and what it is given.
package struct Launch: Sendable {
    /// Path of the executable; no search.
    package var path: String
    /// The whole vector, its first element being the name that the program sees.
    package var arguments: [String]
    /// `NAME=value` lines; nothing is inherited.
    package var environment: [String]

    package init(path: String, arguments: [String], environment: [String]) {
        precondition(!arguments.isEmpty, "a program needs its own name")
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }
}

/// Where and how an unprivileged child lives.
package struct ChildPlace: Sendable {
    package var folder: String
    /// Soft and hard RLIMIT_NOFILE, cut to the hard limit in force.
    package var descriptorsMax: UInt64 = 65_536
    /// Folders of the control groups that it lives in; it joins them before its program is loaded.
    package var groups: [String] = []

    package init(folder: String) { self.folder = folder }
}

package enum ChildProcess {
    /// Starts a child in a network namespace with no capability, no_new_privs and its own session.
    ///
    /// It dies with the thread that calls (PR_SET_PDEATHSIG). `output` becomes descriptors 1 and
    /// 2; descriptor 0 is `input`, or /dev/null; no other is passed on.
    package static func start(
        _ launch: Launch, in namespace: borrowing NetworkNamespace, at place: ChildPlace,
        output: borrowing FileDescriptor, input: Int32? = nil
    ) throws(SyscallError) -> ProcessHandle {
        precondition(output.raw > 2, "a log must not be a standard descriptor")
        let nothing = try CapabilitySet()
        let null = try File.open("/dev/null", .readOnly)
        var node = unsafe fl_node()
        unsafe node.network_namespace = namespace.descriptor.raw
        unsafe node.input = input ?? null.raw
        unsafe node.output = output.raw
        unsafe node.descriptors_max = place.descriptorsMax
        unsafe node.no_capabilities = UnsafeMutableRawPointer(nothing.pointer)
        unsafe node.capability_last = Capability.last
        unsafe node.drops_bounding_set = Capability.setCapabilities.isEffective ? 1 : 0
        let groups = try OpenGroups(place.groups)
        let pid = unsafe place.folder.withCString { folder in
            unsafe groups.raw.withUnsafeBufferPointer { group in
                unsafe node.folder = folder
                unsafe node.groups = group.baseAddress
                unsafe node.group_count = Int32(group.count)
                return unsafe withChild(launch) { child in
                    unsafe node.child = child
                    return unsafe fl_node_start(&node)
                }
            }
        }
        groups.close()
        return try unsafe handle(pid, node.child, launch.path)
    }

    /// Starts a child as the first process of new pid, mount and network namespaces.
    ///
    /// It is root there and keeps the descriptors named besides 0, 1 and 2.
    package static func startSandbox(
        _ launch: Launch, userNamespace: Bool, output: Int32? = nil, keeping kept: [Int32] = []
    ) throws(SyscallError) -> ProcessHandle {
        let parent = try ProcessHandle(opening: getpid())
        let uidMap = "0 \(geteuid()) 1"
        let gidMap = "0 \(getegid()) 1"
        var sandbox = unsafe fl_sandbox()
        unsafe sandbox.new_user_namespace = userNamespace ? 1 : 0
        unsafe sandbox.parent_pidfd = parent.descriptor.raw
        unsafe sandbox.output = output ?? -1
        unsafe sandbox.kept_count = Int32(kept.count)
        let pid = unsafe withCStrings([uidMap, gidMap]) { maps in
            unsafe sandbox.uid_map = UnsafePointer(maps[0])
            unsafe sandbox.gid_map = UnsafePointer(maps[1])
            return unsafe kept.withUnsafeBufferPointer { kept in
                unsafe sandbox.kept = kept.baseAddress
                return unsafe withChild(launch) { child in
                    unsafe sandbox.child = child
                    return unsafe fl_sandbox_start(&sandbox)
                }
            }
        }
        return try unsafe handle(pid, sandbox.child, launch.path)
    }

    private static func withChild(_ launch: Launch, _ start: (fl_child) -> Int32) -> Int32 {
        unsafe launch.path.withCString { path in
            unsafe withCStrings(launch.arguments) { arguments in
                unsafe withCStrings(launch.environment) { environment in
                    let child = unsafe fl_child(
                        path: path, arguments: arguments, environment: environment,
                        failed_stage: 0, failed_errno: 0, pidfd: -1)
                    return unsafe start(child)
                }
            }
        }
    }

    private static func handle(
        _ pid: Int32, _ child: fl_child, _ path: String
    ) throws(SyscallError) -> ProcessHandle {
        if pid > 0 { return unsafe ProcessHandle(pid: pid, owning: child.pidfd) }
        let stage = unsafe ChildStage(rawValue: child.failed_stage) ?? .clone
        let errno = unsafe Errno(rawValue: child.failed_errno)
        let text = stage == .exec ? "execve(\(path))" : "child: \(stage.text)"
        throw SyscallError(stage: text, errno: errno)
    }
}

/// Mirrors `fl_child_stage`.
enum ChildStage: Int32 {
    case none, clone, mapGroups, mapUser, mapGroup, deathSignal, session, privateMounts, procMount
    case network, standardInput, standardOutput, folder, descriptors, limit, boundingSet
    case noNewPrivileges, ambientSet, capabilities, signals, groups, exec

    var text: String {
        switch self {
        case .none: "no stage"
        case .clone: "clone"
        case .mapGroups: "write(/proc/self/setgroups)"
        case .mapUser: "write(/proc/self/uid_map)"
        case .mapGroup: "write(/proc/self/gid_map)"
        case .deathSignal: "prctl(PR_SET_PDEATHSIG)"
        case .session: "setsid"
        case .privateMounts: "mount(private /)"
        case .procMount: "mount(proc /proc)"
        case .network: "setns(net)"
        case .standardInput: "dup2(standard input)"
        case .standardOutput: "dup2(log)"
        case .folder: "chdir(data folder)"
        case .descriptors: "close_range"
        case .limit: "setrlimit(RLIMIT_NOFILE)"
        case .boundingSet: "prctl(PR_CAPBSET_DROP)"
        case .noNewPrivileges: "prctl(PR_SET_NO_NEW_PRIVS)"
        case .ambientSet: "prctl(PR_CAP_AMBIENT)"
        case .capabilities: "cap_set_proc"
        case .signals: "sigprocmask"
        case .groups: "write(cgroup.procs)"
        case .exec: "execve"
        }
    }
}
