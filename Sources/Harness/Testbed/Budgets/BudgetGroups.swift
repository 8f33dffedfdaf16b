// The control groups of one run: a folder of its own in each place, and in that a group for each node.
//
//     <place>/faultline-<stamp>/        locked by the run as long as it lives (flock)
//         app-1/  app-2/  store-1-1/ ...
//
// A group is a name in a file system, the only thing of a run that is: it outlives `kill -9`. So the lock
// tells a living run's folder from a dead one's, and the next run, `doctor` and the outer process remove
// what nobody holds.

package import Experiment
package import Linux
import Reactor

/// The groups of a run; made at the first budget, removed with the testbed.
@ReactorActor
final class BudgetGroups {
    private let host: BudgetHost
    private let folders: [LockedFolder]
    private let name: String
    /// How many nodes of ordinary weight the groups stand for.
    private var weight = 0

    init() throws(BudgetError) {
        do throws(BudgetHost.Lack) {
            host = try BudgetHost.find()
        } catch {
            throw .lacking(detail: error.detail, mend: error.mend)
        }
        let stamp = "faultline-\(MonotonicTime.now().nanoseconds)"
        name = stamp
        do throws(SyscallError) {
            var folders: [LockedFolder] = []
            for place in host.places {
                _ = LeftoverGroups.sweep(place.folder)
                folders.append(try LockedFolder("\(place.folder)/\(stamp)"))
                if place.version == .two {
                    try ControlGroups.set(
                        "\(place.folder)/\(stamp)/cgroup.subtree_control", to: "+cpu +memory")
                }
            }
            self.folders = folders
        } catch {
            throw .system(error)
        }
    }

    /// A group with the limits of a budget in force.
    ///
    /// Where cores are short a group gets its share by weight, and so does the folder that all groups of a
    /// run are in. It is made to weigh as much as what it holds, else a run would count as one process.
    func make(
        _ node: String, _ budget: NodeBudget, weight: Int
    ) throws(BudgetError) -> BudgetGroup {
        let cpu = "\(host.cpu.folder)/\(name)/\(node)"
        let memory = "\(host.memory.folder)/\(name)/\(node)"
        do throws(SyscallError) {
            for folder in Set([cpu, memory]) { _ = try ControlGroups.make(folder) }
            self.weight += weight
            let version = host.cpu.version
            try BudgetLimits.apply(BudgetLimits.weight(weight, version), to: cpu)
            try BudgetLimits.apply(
                BudgetLimits.weight(self.weight, version), to: File.folder(of: cpu))
            if let share = budget.cpu {
                try BudgetLimits.apply(BudgetLimits.cpu(share, host.cpu.version), to: cpu)
            }
            if let bytes = budget.memory {
                try BudgetLimits.apply(
                    BudgetLimits.memory(bytes, host.memory.version), to: memory)
            }
        } catch {
            throw .system(error)
        }
        return BudgetGroup(budget: budget, cpu: cpu, memory: memory)
    }

    /// Removes everything; the nodes' processes must be gone.
    func remove() throws(SyscallError) {
        for folder in folders { try folder.remove() }
    }
}

/// Why a node cannot be held to its budget.
package enum BudgetError: Error, CustomStringConvertible {
    case lacking(detail: String, mend: String)
    case system(SyscallError)

    package var description: String {
        switch self {
        case .lacking(let detail, let mend): "\(detail)\n  mend it: \(mend)"
        case .system(let error): "\(error)"
        }
    }
}

/// The group of one node.
package struct BudgetGroup: Sendable {
    package let budget: NodeBudget
    /// Folders; the same in version 2.
    package let cpu: String
    package let memory: String

    var folders: [String] { cpu == memory ? [cpu] : [cpu, memory] }

    /// What the kernel says of it; nil once it is gone.
    package func usage() -> BudgetUsage? {
        guard let stat = try? File.text(of: "\(cpu)/cpu.stat") else { return nil }
        var usage = BudgetUsage(cpuStat: stat)
        usage.memory =
            ["memory.usage_in_bytes", "memory.current"].lazy
            .compactMap { try? File.text(of: "\(memory)/\($0)") }
            .compactMap { Int64($0.prefix { $0.isNumber }) }.first
        usage.kills =
            ["memory.oom_control", "memory.events"].lazy
            .compactMap { try? File.text(of: "\(memory)/\($0)") }
            .compactMap { BudgetLimits.value("oom_kill", in: $0) }.first ?? 0
        return usage
    }
}

/// A folder of groups that one process holds.
private final class LockedFolder {
    private let path: String
    private let lock: FileDescriptor

    /// Somebody who sweeps may come between making and locking; then it is made again.
    init(_ path: String) throws(SyscallError) {
        for _ in 0..<3 {
            guard try ControlGroups.make(path) else { break }
            let lock = try File.open(path, [.readOnly, .directory])
            if try File.tryLock(lock), File.exists(path) {
                self.path = path
                self.lock = lock
                return
            }
        }
        throw SyscallError(stage: "lock(\(path))", errno: .again)
    }

    /// A process that was killed may hold its group for a moment longer.
    func remove() throws(SyscallError) {
        let deadline = MonotonicTime.now() + .seconds(1)
        while true {
            do throws(SyscallError) {
                return try ControlGroups.remove(path)
            } catch {
                if error.errno == .noEntry { return }
                if error.errno != .busy || MonotonicTime.now() > deadline { throw error }
                PreciseWait.pause(.milliseconds(5))
            }
        }
    }
}
