// What can go wrong with a node's disk, with its parameters. It is done by a file system of our own
// that is mounted over the node's data folder, so each fault is a rule about requests that the
// kernel makes of a file system.

/// A request that a file system gets, by the word of the experiment file.
package enum DiskOperation: String, CaseIterable, Hashable, Sendable {
    case open, create, read, write, fsync, truncate, rename, remove
}

/// How a disk refuses a request; the words are those of errno(3).
package enum DiskErrno: String, CaseIterable, Hashable, Sendable {
    case inputOutput = "EIO"
    case noSpace = "ENOSPC"
}

/// How delays spread around their mean.
package enum DiskDelayShape: String, CaseIterable, Hashable, Sendable {
    /// Evenly within the jitter.
    case uniform
    /// The jitter is the mean of what comes on top, and now and then it is many times that.
    case exponential
}

/// Which requests a fault is about.
package struct DiskScope: Hashable, Sendable {
    package var operations: Set<DiskOperation>
    /// Nil: whatever the path.
    package var path: PathPattern?

    package init(_ operations: Set<DiskOperation>, path: PathPattern? = nil) {
        self.operations = operations
        self.path = path
    }
}

/// A fault of a disk.
package enum DiskFault: Hashable, Sendable {
    /// Each request takes so much longer.
    case latency(delay: Duration, jitter: Duration, shape: DiskDelayShape, DiskScope)
    /// A request fails, with a probability from 0 to 1.
    case error(DiskErrno, ratio: Double, DiskScope)
}

extension DiskFault {
    /// The word of the experiment file.
    package var word: FaultWord {
        switch self {
        case .latency: .diskLatency
        case .error: .diskError
        }
    }
}

/// The words of faults that are a disk's; each is one of `FaultWord`, too.
package enum DiskFaultWord: String, CaseIterable, Sendable {
    case latency = "disk-latency"
    case error = "disk-error"
}

extension FaultWord {
    /// The same word among those of disks; nil for the fault of something else.
    package var ofDisk: DiskFaultWord? { DiskFaultWord(rawValue: rawValue) }
}

extension ExperimentPlan {
    /// The nodes that a step of the method may hit with a fault of the disk, whoever leads then.
    package var diskNodes: Set<String> {
        method.reduce(into: []) { names, step in
            guard step.fault.word.ofDisk != nil, case .nodes(let selection) = step.target else {
                return
            }
            names.formUnion(topology.nodes(within: selection.scope))
        }
    }
}

extension Topology {
    /// The nodes of a scope whatever their role; of a region, all that are there.
    func nodes(within scope: NodeSelection.Scope) -> [String] {
        tiers.flatMap { tier in
            zip(tier.nodeNames, tier.places).filter { name, place in
                if scope.isRegion { return tier.region(at: place) == scope.name }
                if scope.name == name { return true }
                return scope.name == tier.name && (scope.shard ?? place.shard) == place.shard
            }.map(\.0)
        }
    }
}
