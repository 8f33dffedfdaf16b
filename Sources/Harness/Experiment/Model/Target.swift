// What a fault hits, as people say it: `one of app`, `store.shard-1.leader`, `{isolate: app-2}`.
// A target names a set that is only known when the fault fires, since leaders move.

/// A set of nodes, or of links between nodes.
package enum Target: Sendable, Equatable {
    case nodes(NodeSelection)
    case links(LinkSelection)
}

/// Some of the nodes of a scope: `2 of app` is the amount 2 and the scope `app`.
package struct NodeSelection: Sendable, Equatable, CustomStringConvertible {
    package var amount: Amount
    package var scope: Scope

    package init(_ amount: Amount, of scope: Scope) {
        self.amount = amount
        self.scope = scope
    }

    package enum Amount: Sendable, Equatable {
        case all
        case count(Int)
        /// A share of the scope from 0 to 1, rounded up, so that it is never nobody.
        case share(Double)
        /// The most that leave a majority standing: one of three, two of five.
        case minority
        /// The least that take the majority away: two of three, three of five.
        case majority
    }

    /// A path such as `store.shard-1.leader`; a lone name is a tier or a node; or `region eu`.
    package struct Scope: Sendable, Equatable {
        package var name: String
        /// Counted from 1.
        package var shard: Int?
        /// Counted from 1; every node of the tier has it, but one leads it.
        package var partition: Int?
        package var role: NodeRole?
        /// The name is a region's: all nodes there, whatever their tier.
        package private(set) var isRegion = false

        package init(region: String) {
            name = region
            isRegion = true
        }

        package init(
            _ name: String, shard: Int? = nil, partition: Int? = nil, role: NodeRole? = nil
        ) {
            self.name = name
            self.shard = shard
            self.partition = partition
            self.role = role
        }
    }

    package var description: String { amount.prefix + scope.description }
}

/// What a replica says that it is.
package enum NodeRole: String, CaseIterable, Sendable {
    case leader, follower

    /// Reads the first word of a role probe's answer, ours or Redis's.
    package init?(answer: String) {
        switch answer.lowercased() {
        case "leader", "master", "primary": self = .leader
        case "follower", "slave", "replica", "standby": self = .follower
        default: return nil
        }
    }

    /// The word of a target's path.
    package var word: String { self == .leader ? "leader" : "followers" }
}

package enum LinkSelection: Sendable, Equatable {
    /// Every link between the selection and all other nodes, both ways.
    case isolate(NodeSelection)
    /// Every link between nodes of different sides, both ways; nodes of no side keep all theirs.
    case split([NodeSelection])
    /// One way only.
    case oneWay(from: NodeSelection, to: NodeSelection)
    /// Both ways between the two.
    case between(NodeSelection, NodeSelection)
}

extension NodeSelection.Amount {
    var prefix: String {
        switch self {
        case .all: ""
        case .count(1): "one of "
        case .count(let count): "\(count) of "
        case .share(let share): "\(number(share * 100))% of "
        case .minority: "minority of "
        case .majority: "majority of "
        }
    }

    private func number(_ value: Double) -> String {
        let rounded = (value * 1000).rounded() / 1000
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension NodeSelection.Scope: CustomStringConvertible {
    package var description: String {
        if isRegion { return "region \(name)" }
        let parts = [
            shard.map { "shard-\($0)" }, partition.map { "partition-\($0)" }, role?.word,
        ]
        return ([name] + parts.compactMap { $0 }).joined(separator: ".")
    }
}

extension LinkSelection: CustomStringConvertible {
    package var description: String {
        switch self {
        case .isolate(let nodes): "{isolate: \(nodes)}"
        case .split(let sides):
            "{split: [\(sides.map(\.description).joined(separator: ", "))]}"
        case .oneWay(let from, let to): "{from: \(from), to: \(to)}"
        case .between(let left, let right): "{between: [\(left), \(right)]}"
        }
    }
}

extension Target: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nodes(let nodes): nodes.description
        case .links(let links): links.description
        }
    }
}
