// A testbed: nodes, their links, and the duty to leave nothing of either.

package import Experiment
package import Linux
package import Reactor

/// Builds nodes in the calling process's sandbox and takes them all down again.
///
/// The process's network namespace becomes the router, so there is one testbed a process; see
/// `Sandbox`.
@ReactorActor
package final class Testbed {
    package let links: Links
    package private(set) var nodes: [Node] = []
    private var isDown = false
    private var budgets: BudgetGroups?
    private var disks: [DiskMount] = []

    /// The seed settles which packets an impaired link loses.
    package init(seed: UInt64) throws(SyscallError) {
        links = try Links(seed: seed)
    }

    /// Makes a node that is reachable at once under its address; no process runs there yet.
    package func createNode(
        name: String, address: IPv4Address, region: String? = nil
    ) throws(SyscallError) -> Node {
        precondition(!isDown, "a testbed that was taken down stays down")
        precondition(node(named: name) == nil, "\(name) exists already")
        let namespace = try links.attach(address, name: name)
        let node = Node(name: name, address: address, namespace: namespace)
        if let region { node.put(address, in: region) }
        nodes.append(node)
        return node
    }

    /// Gives a node one more address, which counts as being in a region of its own.
    package func addAddress(
        _ address: IPv4Address, in region: String, to node: Node
    ) throws(SyscallError) {
        try links.add(address, to: node.address, in: node.namespace)
        node.put(address, in: region)
    }

    /// Nil for an address that is in no region.
    package func region(of address: IPv4Address) -> String? {
        nodes.lazy.flatMap(\.places).first { $0.address == address }?.region
    }

    /// Holds all that the node will run to a budget; before its first start.
    ///
    /// An empty budget limits nothing and puts the node among those that are held, `weight` times as
    /// heavy as one of them: the load generator must not starve beside them.
    package func hold(
        _ node: Node, to budget: NodeBudget, weight: Int = 1
    ) throws(BudgetError) {
        precondition(node.startCount == 0, "\(node.name) runs already")
        let groups: BudgetGroups
        if let budgets { groups = budgets } else { groups = try BudgetGroups() }
        budgets = groups
        node.group = try groups.make(node.name, budget, weight: weight)
    }

    /// Puts a file system of ours over a node's data folder, which holds nothing open yet.
    package func filterDisk(
        of node: Node, folder: String, with filter: DiskFilterProgram
    ) async throws(DiskMountError) {
        precondition(node.startCount == 0, "\(node.name) runs already")
        let disk = try DiskMount(over: folder, of: node, filter)
        disks.append(disk)
        node.disk = disk
        try await disk.waitUntilServed()
    }

    package func node(named name: String) -> Node? { nodes.first { $0.name == name } }

    /// Reaps children that nobody here started: orphans of the nodes, handed to pid 1.
    @discardableResult
    package func reapOrphans() -> Int {
        for node in nodes { node.process?.reapNow() }
        for disk in disks { disk.process.reapNow() }
        let running = Set(
            nodes.compactMap { $0.process?.pid } + nodes.flatMap(\.commands.keys)
                + disks.map(\.process.pid))
        return Orphans.reap { running.contains($0) }
    }

    /// Kills every process, waits for the kernel to let go of them, and removes links and rules.
    ///
    /// Does nothing the second time. Every step is tried; the first refusal is thrown at the end.
    package func tearDown() async throws(SyscallError) {
        if isDown { return }
        isDown = true
        var refusal: SyscallError?
        for node in nodes {
            do throws(SyscallError) {
                try node.signal(.kill)
            } catch { refusal = refusal ?? error }
        }
        // What has left its process group; outside a sandbox there is no telling whose it is.
        if Sandbox.isInside { PidNamespace.killAllOthers() }
        let deadline = MonotonicTime.now() + .seconds(5)
        for node in nodes {
            guard let process = node.process else { continue }
            if await process.waitForExit(deadline: deadline) == nil {
                // Uninterruptible sleep in the kernel: it goes with pid 1, as everything does.
                refusal = refusal ?? SyscallError(stage: "kill(\(node.name))", errno: .timedOut)
            }
        }
        for disk in disks {
            do throws(SyscallError) {
                try await disk.unmount(deadline: deadline)
            } catch { refusal = refusal ?? error }
        }
        disks.removeAll()
        do throws(SyscallError) {
            try links.tearDown()
        } catch { refusal = refusal ?? error }
        reapOrphans()
        do throws(SyscallError) {
            try budgets?.remove()
        } catch { refusal = refusal ?? error }
        nodes.removeAll()
        if let refusal { throw refusal }
    }
}
