// Going into a sandbox: the outer process starts the same program again as the first process of
// new pid, mount and network namespaces (and a user namespace where it lacks the privileges), and
// then only passes on signals and the exit status.
//
//     outer faultline ── waits, passes SIGINT/SIGTERM/SIGHUP on, dies with a status
//       └─ inner faultline = pid 1 = the router's namespace ── reaps all, runs the experiment
//            ├─ node app-1   (own network namespace, no privileges)
//            └─ node store-1-1 ...
//
// When the outer process is killed, the kernel kills pid 1 (PR_SET_PDEATHSIG), and with pid 1 every
// process of the namespace; with the last process and descriptor go the namespaces and the links.
// Nothing has a name in a file system, so nothing can be left over.

package import Linux

/// The namespaces that the harness lives in.
package enum Sandbox {
    private static let marker = "FAULTLINE_SANDBOX"

    /// Whether this process is the inner one.
    package static var isInside: Bool {
        CurrentProcess.environment(marker) == String(CurrentProcess.id)
    }

    /// Returns in the inner process; in the outer one, waits for it and never returns.
    ///
    /// Call first of all in `main`, before any thread is started. `kept` are descriptors that
    /// the inner process inherits. Throws where the host does not allow a sandbox.
    package static func enter(
        arguments: [String], keeping kept: [Int32] = []
    ) throws(SyscallError) {
        if isInside { return try settle() }
        CurrentProcess.exit(try run(arguments: arguments, keeping: kept))
    }

    /// Runs this program inside with other arguments, passing signals on; returns its exit code.
    ///
    /// The signals stay blocked afterwards; one that came before the next call is passed on then.
    package static func run(
        arguments: [String], keeping kept: [Int32] = []
    ) throws(SyscallError) -> Int32 {
        precondition(!isInside, "a sandbox is not nested")
        let signals = try SignalDescriptor(SignalRelay.signals)
        let inner = try start(arguments: arguments, keeping: kept)
        return exitCode(for: try SignalRelay.wait(for: inner, taking: signals))
    }

    /// Starts this program again inside, without waiting; for `enter` and for tests.
    ///
    /// Dies with the calling thread. `environment` comes on top of this process's own.
    package static func start(
        arguments: [String], environment: [String] = [], output: Int32? = nil,
        keeping kept: [Int32] = []
    ) throws(SyscallError) -> ProcessHandle {
        let launch = Launch(
            path: "/proc/self/exe", arguments: arguments,
            environment: CurrentProcess.environment.filter { !$0.hasPrefix(marker) }
                + environment + ["\(marker)=1"])
        return try ChildProcess.startSandbox(
            launch, userNamespace: needsUserNamespace, output: output, keeping: kept)
    }

    /// The contract's exit code for the way that the inner process ended.
    package static func exitCode(for status: ExitStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .killed: 5
        }
    }

    /// Root in a container may lack what namespaces need, and then does as a user does.
    package static var needsUserNamespace: Bool {
        !(Capability.systemAdmin.isEffective && Capability.networkAdmin.isEffective
            && Capability.rawNetwork.isEffective)
    }

    /// What only an inner process does: gives up what neither it nor a child needs.
    private static func settle() throws(SyscallError) {
        try Capability.keepOnly([
            .systemAdmin, .networkAdmin, .rawNetwork, .setCapabilities, .kill,
            .overrideFileAccess, .resources, .scheduling,
        ])
    }
}

/// The outer process's work while the inner one runs.
enum SignalRelay {
    static let signals: [Signal] = [.interrupt, .terminate, .hangUp, .quit]

    /// Passes each signal on once and returns when the inner process has ended.
    ///
    /// The inner process has a session of its own, so a terminal's Ctrl-C comes here alone.
    static func wait(
        for inner: borrowing ProcessHandle, taking signals: borrowing SignalDescriptor
    ) throws(SyscallError) -> ExitStatus {
        while true {
            PreciseWait.until(nil, orReadable: inner.descriptor.raw, signals.raw)
            while let signal = signals.next() { try inner.signal(signal) }
            if let status = try inner.reap() { return status }
        }
    }
}
