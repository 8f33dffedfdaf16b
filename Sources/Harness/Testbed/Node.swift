// A node: a name, an address, a network namespace, and the one process that runs there.

package import Linux
package import Reactor

/// What a node runs.
package struct Program: Sendable {
    /// The executable's path first.
    package var arguments: [String]
    /// `NAME=value` lines; nothing of the harness's own environment is passed on.
    package var environment: [String]
    /// The data folder: the process's working folder.
    package var workingFolder: String
    /// The file that standard output and error are appended to.
    package var log: String

    package init(
        arguments: [String], environment: [String] = [], workingFolder: String, log: String
    ) {
        precondition(!arguments.isEmpty, "a program has a path")
        self.arguments = arguments
        self.environment = environment
        self.workingFolder = workingFolder
        self.log = log
    }
}

/// One node of a testbed; made by `Testbed.createNode`.
@ReactorActor
package final class Node {
    package nonisolated let name: String
    package nonisolated let address: IPv4Address
    /// Where the node is, by each of its addresses; empty where places do not matter.
    package private(set) var places: [Place] = []
    /// The running process, or the last one after it has ended.
    package private(set) var process: NodeProcess?
    /// How often a process was started here.
    package private(set) var startCount = 0
    let namespace: NetworkNamespace
    /// Commands that run beside the process, by pid; see `output(of:deadline:)`.
    var commands: [Int32: NodeProcess] = [:]
    private(set) var program: Program?
    /// The file system of ours that its data folder is on, where faults of the disk are asked for.
    package internal(set) var disk: DiskMount?
    /// The control group that all its processes live in; nil: it is held to no budget.
    package internal(set) var group: BudgetGroup?

    /// One of a node's addresses and the region that it is in.
    package struct Place: Sendable, Equatable {
        package let address: IPv4Address
        package let region: String
    }

    init(name: String, address: IPv4Address, namespace: consuming NetworkNamespace) {
        self.name = name
        self.address = address
        self.namespace = namespace
    }

    /// Every address that the node has; the first is its own.
    package var addresses: [IPv4Address] {
        [address] + places.map(\.address).filter { $0 != address }
    }

    func put(_ address: IPv4Address, in region: String) {
        places.append(Place(address: address, region: region))
    }

    package var isRunning: Bool { process?.isRunning ?? false }

    /// Starts a program; the node must not be running one.
    package func start(_ program: Program) throws(SyscallError) {
        precondition(!isRunning, "\(name) runs one process at a time")
        let log = try File.open(program.log, [.writeOnly, .create, .append])
        let launch = Launch(
            path: program.arguments[0], arguments: program.arguments,
            environment: program.environment)
        var place = ChildPlace(folder: program.workingFolder)
        place.groups = group?.folders ?? []
        let handle = try ChildProcess.start(launch, in: namespace, at: place, output: log)
        process = try NodeProcess(handle)
        self.program = program
        startCount += 1
    }

    /// Starts the last program again, in the same folder with the same log.
    package func restart() throws(SyscallError) {
        guard let program else { preconditionFailure("\(name) was never started") }
        try start(program)
    }

    /// False when there is no process to take the signal.
    ///
    /// What stops, resumes or kills does so to all that the process has started as well; anything
    /// else is for the process alone, which knows what to tell its own children.
    @discardableResult
    package func signal(_ signal: Signal) throws(SyscallError) -> Bool {
        guard let process, isRunning else { return false }
        return try process.signal(signal)
    }

    /// Runs a body on the loop's thread inside the node's network; sockets opened there stay there.
    package func perform<Result>(
        _ body: () throws(SyscallError) -> Result
    ) throws(SyscallError) -> Result {
        try namespace.perform(body)
    }
}

/// One process of a node, held by its pidfd.
@ReactorActor
package final class NodeProcess {
    package nonisolated let pid: Int32
    /// With the pid, names this process for ever; 0 if it was gone before it could be read.
    package nonisolated let startTicks: UInt64
    /// How it ended; nil while it runs.
    package private(set) var exit: ExitStatus?
    private let handle: ProcessHandle
    private let ended = Promise<ExitStatus>()
    private let watch: DescriptorWatch

    init(_ handle: consuming ProcessHandle) throws(SyscallError) {
        pid = handle.pid
        startTicks = ProcessStatus(pid: handle.pid)?.startTicks ?? 0
        watch = try DescriptorWatch(handle.descriptor.raw)
        self.handle = handle
        Task { @ReactorActor in await reapWhenEnded() }
    }

    package var isRunning: Bool { reapNow() == nil }

    /// The kernel's word on it; nil once it was reaped.
    package var state: ProcessStatus.State? {
        exit == nil ? ProcessStatus(pid: pid)?.state : nil
    }

    @discardableResult
    func signal(_ signal: Signal) throws(SyscallError) -> Bool {
        [.kill, .stop, .resume].contains(signal)
            ? try handle.signalGroup(signal) : try handle.signal(signal)
    }

    /// Suspends until the process has ended; nil once the deadline has passed.
    package func waitForExit(deadline: MonotonicTime? = nil) async -> ExitStatus? {
        await ended.value(deadline: deadline)
    }

    /// Asks the kernel without waiting.
    @discardableResult
    func reapNow() -> ExitStatus? {
        if exit != nil { return exit }
        // ECHILD would mean that somebody else reaped it, which pid 1 never does with ours.
        guard let status = try? handle.reap() else { return nil }
        exit = status
        watch.stop()
        ended.fulfil(status)
        return status
    }

    private func reapWhenEnded() async {
        while reapNow() == nil {
            if await watch.readable() == false { return }
        }
    }
}
