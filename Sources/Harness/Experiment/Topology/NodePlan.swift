// The nodes that a topology comes to: names, addresses, ports, and what each is started with. Pure:
// nothing is written or started here, so a dry run prints exactly what a run will do.

package import Blueprint
package import Linux

/// One node, ready to be put into a namespace and started.
package struct PlannedNode: Sendable, Equatable {
    /// `app-2`, or `store-1-3` for the third replica of the first shard.
    package var name: String
    package var tier: String
    /// The protocol it serves; nil for a program that no tier of ours talks to.
    package var kind: TierKind?
    /// Counted from 1; nil in a tier without shards.
    package var shard: Int?
    /// Counted from 1 within the tier, or within the shard.
    package var index: Int
    /// Nil where places do not matter.
    package var region: String?
    /// Where it serves its clients; the ip is the node's own.
    package var listen: SocketAddress
    package var peerPort: UInt16?
    /// The folder of this node alone, under the run's: it holds `data`, `files` and the blueprint.
    package var folder: String
    package var program: PlannedProgram
    package var ready: Probe
    /// Where it is asked; the listening port unless the tier has another for that.
    package var probePort: UInt16?
    package var roleProbe: Probe?
    /// Nodes of wave 0 need no other tier, those of wave 1 need wave 0, and so on. All addresses
    /// are known before, so the order is for those who want quiet logs.
    package var wave: Int
    /// What it is held to; nil: nothing.
    package var budget: NodeBudget?

    package var dataFolder: String { "\(folder)/data" }

    /// Where it shows its metrics; nil for a program of others.
    package var metrics: SocketAddress? {
        if case .builtin(let blueprint, _) = program { blueprint.metrics } else { nil }
    }

    /// The node without knowledge of its role.
    package var rosterNode: RosterNode {
        RosterNode(name: name, tier: tier, shard: shard, region: region)
    }

    /// Where probes are put.
    package var probeAddress: SocketAddress {
        SocketAddress(ip: listen.ip, port: probePort ?? listen.port)
    }
}

package enum PlannedProgram: Sendable, Equatable {
    /// `faultline-node <tier> --blueprint=PATH`, with the blueprint written to `path`.
    case builtin(NodeBlueprint, path: String)
    case exec(RenderedProgram)
}

/// A program that is not ours, with every placeholder filled in.
package struct RenderedProgram: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// The program first; looked up in PATH when it has no slash.
    package var arguments: [String]
    /// Added to a bare environment, not to the harness's own.
    package var environment: [Entry]
    /// Files to write before the start, by absolute path.
    package var files: [Entry]
}

/// Which IPv4 address each node has.
///
///     10 . tier . shard . number
///
/// `tier` is the tier's place in the file from 1, `shard` is 0 without shards, `number` counts from
/// 1. 10.254.0.0/16 is kept for nodes of the harness itself.
package enum AddressPlan {
    static let tiersMax = 200

    static let regionsMax = 200
    /// Where every node of ours shows its metrics.
    package static let metricsPort: UInt16 = 9100

    package static func node(tier: Int, shard: Int?, index: Int) -> IPv4Address {
        precondition((1...tiersMax).contains(tier), "tiers are counted from 1")
        precondition((1...250).contains(index), "a tier has at most 250 nodes a shard")
        return IPv4Address(10, UInt8(tier), UInt8(shard ?? 0), UInt8(index))
    }

    /// The nodes that the harness adds: `client-1` is 10.254.0.1.
    package static func client(_ index: Int) -> IPv4Address {
        precondition((1...250).contains(index), "clients are counted from 1")
        return IPv4Address(10, 254, 0, UInt8(index))
    }

    /// Where users of a region come from: the first region's are 10.254.1.0/24.
    package static func clientNetwork(region: Int) -> IPv4Network {
        precondition((1...regionsMax).contains(region), "regions are counted from 1")
        return IPv4Network(IPv4Address(10, 254, UInt8(region), 0), prefix: 24)
    }

    /// The address of a region's users.
    package static func client(region: Int) -> IPv4Address {
        IPv4Address(rawValue: clientNetwork(region: region).first + 1)
    }

    /// All addresses of a tier.
    static func network(tier: Int) -> IPv4Network {
        IPv4Network(IPv4Address(10, UInt8(tier), 0, 0), prefix: 16)
    }
}

/// Where a node stands within its tier; both are counted from 1.
struct NodePlace {
    /// Nil in a tier without shards.
    let shard: Int?
    /// Within the shard where there are shards.
    let index: Int
}

extension TierSpec {
    /// Shard and number of each node, in the order of `nodeNames`.
    var places: [NodePlace] {
        switch shape {
        case .count(let count), .partitions(_, let count):
            (1...count).map { NodePlace(shard: nil, index: $0) }
        case .shards(let shards, let replicas):
            (1...shards).flatMap { shard in
                (1...replicas).map { NodePlace(shard: shard, index: $0) }
            }
        }
    }
}
