// What the kernel says of one node over one second, as it was measured; the bottleneck is judged by it.

package struct NodeSample: Hashable, Sendable {
    package var node: String
    package var tier: String
    /// The end of the second, in nanoseconds since the run's epoch.
    package var at: Int64
    /// Cores that the node used; 0.25 is a quarter of one.
    package var cpu = 0.0
    /// Cores that its budget allows; nil: it has none.
    package var cpuBudget: Double?
    /// Share of the time in which the kernel held it back because its budget was used up.
    package var throttled = 0.0
    /// Share of the time in which it was ready to run and waited for a core, its own budget aside.
    package var runQueueWait = 0.0
    /// Bytes; of its control group where it has a memory budget, else resident.
    package var memory = 0
    package var memoryBudget: Int?
    /// Bytes a second that it caused to be written to disks.
    package var diskWrites = 0.0
    /// Share of the time in which some process of the host waited for a disk; nil: the kernel does
    /// not say.
    package var hostDiskWait: Double?
    /// Messages that wait in its queue; nil: it has none.
    package var queueDepth: Int?

    package init(node: String, tier: String, at: Int64) {
        self.node = node
        self.tier = tier
        self.at = at
    }
}
