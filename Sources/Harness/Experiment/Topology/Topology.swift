// A stack as a topology file describes it: tiers by name, what each is, and whom it talks to.
// `Topology.plan` turns it into nodes with addresses and blueprints.

package import Blueprint

package struct Topology: Sendable, Equatable {
    package var name: String
    package var source: String
    /// The text of the file, so that an incident can carry it.
    package var text: String
    /// In the order of the file, which numbers the addresses. Names are unique.
    package var tiers: [TierSpec]
    /// The tier that users talk to.
    package var entry: String
    /// What lies between regions; a pair that is not named is next door.
    package var wideArea: [WideAreaLink] = []

    /// The node that the harness adds for its load generator; links may lead to it.
    package static let clientNode = "client-1"

    package func tier(named name: String) -> TierSpec? { tiers.first { $0.name == name } }

    /// The tiers that speak a protocol, ours or not.
    package func tiers(serving kind: TierKind) -> [TierSpec] { tiers.filter { $0.kind == kind } }
}

/// One tier: some nodes alike.
package struct TierSpec: Sendable, Equatable {
    package var name: String
    package var location: SourceLocation
    /// The protocol that it serves, which is what the rest of the stack knows it by; nil for a
    /// program that no tier of ours talks to.
    package var kind: TierKind?
    package var shape: TierShape
    /// Where its nodes are: they go round these; empty where places do not matter.
    package var regions: [String] = []
    package var program: TierProgram
    /// Where its nodes serve clients; each node has an address of its own, so all share it.
    package var port: UInt16
    /// Where replicas talk to each other.
    package var peerPort: UInt16?
    package var ready: Probe
    /// Asks a node whether it leads; nil when the tier has no roles.
    package var roleProbe: Probe?
    /// What each of its nodes is held to; nil: nothing.
    package var budget: NodeBudget?
    /// Of which requests its nodes tell in their logs; not for programs of others.
    package var log = RequestLogging.trouble

    /// Nodes in all.
    package var count: Int { shape.count }

    /// The tiers that must be there before this one is useful, in the order of the file's keys.
    package var references: [String] {
        switch program {
        case .builtin(let tier): tier.spec.references
        case .exec(let exec): exec.references.filter { $0 != name }
        }
    }
}

/// How many nodes a tier has, and how they are grouped.
package enum TierShape: Sendable, Equatable {
    case count(Int)
    /// Each shard has nodes of its own.
    case shards(Int, replicas: Int)
    /// Each node has a replica of every partition.
    case partitions(Int, replicas: Int)

    package var count: Int {
        switch self {
        case .count(let count): count
        case .shards(let shards, let replicas): shards * replicas
        case .partitions(_, let replicas): replicas
        }
    }

    /// Nodes that have the same data.
    package var replicaCount: Int {
        switch self {
        case .count: 1
        case .shards(_, let replicas), .partitions(_, let replicas): replicas
        }
    }

    /// Partitions that have leaders of their own; nil where there are none.
    package var partitionCount: Int? {
        if case .partitions(let partitions, _) = self { return partitions }
        return nil
    }
}

package enum TierProgram: Sendable, Equatable {
    /// One of our own tiers.
    case builtin(BuiltinTier)
    /// Any other program.
    case exec(ExecSpec)
}

/// A question that tells whether a node is ready, or what role it has.
package enum Probe: Sendable, Equatable {
    /// A connection is accepted.
    case tcp
    /// A GET of the path is answered with a status of the 200s.
    case http(path: String)
    /// The command is answered, and not with an error.
    case resp([String])
    /// The program, run in the node's namespace, exits with 0.
    case command([String])
}
