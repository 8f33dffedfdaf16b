// A file system of ours over a node's data folder, for runs that ask for faults of the disk. The
// folder's own contents move to `disk` beside it for as long as the mount stands:
//
//     node-1/data   <- mounted: what the node sees
//     node-1/disk   <- what the filter keeps it in; back under the name `data` after the run
//
// The mount is in the sandbox's mount namespace and the filter in its pid namespace, so both are gone
// with the sandbox even where nobody can unmount any more.

package import DiskFilter
package import Linux
package import Reactor

/// The program that serves a data folder: `faultline disk-filter`.
package struct DiskFilterProgram: Sendable {
    package var path: String
    /// Settles which requests a rule meets by chance, node by node.
    package var seed: UInt64
    package var logsFolder: String

    package init(path: String, seed: UInt64, logsFolder: String) {
        self.path = path
        self.seed = seed
        self.logsFolder = logsFolder
    }
}

/// Why a data folder is not served.
package enum DiskMountError: Error, CustomStringConvertible {
    /// The host does not let us; with the line that mends it.
    case lacking(SyscallError, mend: String)
    case system(SyscallError)
    /// The filter did not come up, or ended.
    case ended(log: String)

    package var description: String {
        switch self {
        case .lacking(let error, let mend): "\(error); mend it: \(mend)"
        case .system(let error): error.description
        case .ended(let log): "its filter does not answer; see \(log)"
        }
    }
}

@ReactorActor
package final class DiskMount {
    package let control: DiskControl
    let process: NodeProcess
    private let folder: String
    private let backing: String
    private let log: String
    private var isMounted = true

    /// Mounts over the folder and starts the filter in the node's namespace, without a privilege.
    init(over folder: String, of node: Node, _ filter: DiskFilterProgram) throws(DiskMountError) {
        self.folder = folder
        backing = "\(File.folder(of: folder))/disk"
        log = "\(filter.logsFolder)/\(node.name).disk.log"
        control = DiskControl(folder)
        do throws(SyscallError) {
            let device = try Self.mount(over: folder, backing: backing)
            process = try Self.start(filter, for: node, backing, log, device)
            // Closed here with `device`: the filter alone keeps the connection alive.
        } catch {
            Self.undo(over: folder, backing: File.folder(of: folder) + "/disk")
            if let mend = HostCheck.disks().lackingMend { throw .lacking(error, mend: mend) }
            throw error.stage.hasPrefix("mount(fuse")
                ? .lacking(error, mend: HostCheck.diskMend) : .system(error)
        }
    }

    private static func mount(
        over folder: String, backing: String
    ) throws(SyscallError) -> FileDescriptor {
        let device = try FuseMount.openDevice()
        try File.rename(folder, to: backing)
        try File.makeDirectories(folder)
        try FuseMount.mount(device, at: folder)
        return device
    }

    private static func start(
        _ filter: DiskFilterProgram, for node: Node, _ backing: String, _ log: String,
        _ device: borrowing FileDescriptor
    ) throws(SyscallError) -> NodeProcess {
        let launch = Launch(
            path: filter.path,
            arguments: [
                filter.path, "disk-filter", "--seed=\(filter.seed)", "--name=\(node.name)",
            ],
            environment: [])
        let output = try File.open(log, [.writeOnly, .create, .append])
        return try NodeProcess(
            try ChildProcess.start(
                launch, in: node.namespace, at: ChildPlace(folder: backing), output: output,
                input: device.raw))
    }

    /// What was done before a step failed: of each half either all is left or nothing.
    private static func undo(over folder: String, backing: String) {
        guard File.exists(backing) else { return }
        _ = try? FuseMount.unmount(folder, isLazy: true)
        _ = try? File.rename(backing, to: folder)
    }

    /// Returns once the filter answers; the kernel holds every request back until then.
    func waitUntilServed() async throws(DiskMountError) {
        let control = control
        let isServed = await offload { control.isServed }
        guard isServed, process.isRunning else { throw .ended(log: log) }
    }

    /// Whether the kernel has the mount and the filter runs.
    package var isStanding: Bool {
        let mounts = (try? FuseMount.standing()) ?? []
        guard process.isRunning, let resolved = try? File.resolved(folder) else { return false }
        return mounts.contains(resolved)
    }

    /// Ends the filter, takes the mount away and puts the contents back under their own name.
    ///
    /// The filter goes first: then whoever still waits for it gets an error, and the unmount cannot
    /// hang. Does nothing the second time.
    func unmount(deadline: MonotonicTime) async throws(SyscallError) {
        guard isMounted else { return }
        isMounted = false
        try process.signal(.kill)
        _ = await process.waitForExit(deadline: deadline)
        do throws(SyscallError) {
            try FuseMount.unmount(folder, isLazy: false)
        } catch {
            guard error.errno == .busy else { throw error }
            try FuseMount.unmount(folder, isLazy: true)
        }
        try File.rename(backing, to: folder)
    }
}
