// Turns a target into nodes at the moment when its fault fires. Pure: the roster is what the role
// probes just said, and chance comes from outside, so that a seed repeats every choice.

/// A node of the running stack, as its role probe last described it.
package struct RosterNode: Sendable, Equatable {
    package var name: String
    package var tier: String
    /// Counted from 1; nil in a tier without shards.
    package var shard: Int?
    /// Nil where places do not matter.
    package var region: String?
    /// Nil when the tier has no roles, or the node did not tell.
    package var role: NodeRole?
    /// The node's term, where its protocol has one: of two that claim to lead, the later one does.
    package var term: UInt64
    /// By partition, counted from 1; empty in a tier without them.
    package var partitions: [Int: Standing] = [:]

    /// What a node is to one group of replicas.
    package struct Standing: Sendable, Equatable {
        package var role: NodeRole
        package var term: UInt64

        package init(_ role: NodeRole, term: UInt64) {
            self.role = role
            self.term = term
        }
    }

    package init(
        name: String, tier: String, shard: Int? = nil, region: String? = nil,
        role: NodeRole? = nil, term: UInt64 = 0
    ) {
        self.name = name
        self.tier = tier
        self.shard = shard
        self.region = region
        self.role = role
        self.term = term
    }
}

/// One direction of a link.
package struct DirectedLink: Hashable, Sendable {
    package var from: String
    package var to: String

    package init(from: String, to: String) {
        self.from = from
        self.to = to
    }
}

/// Why a target matched nothing that a fault could hit.
package enum TargetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No node matches: no leader is known, or none is up.
    case empty(selection: String)
    case tooFew(selection: String, wanted: Int, found: Int)
    /// Two sides of a split share a node.
    case overlap(node: String)
    /// All selected nodes are one, so there is no link between them.
    case noLink(target: String)

    package var description: String {
        switch self {
        case .empty(let selection): "no node matches \(selection)"
        case .tooFew(let selection, let wanted, let found):
            "\(selection) needs \(wanted) nodes, but \(found) match"
        case .overlap(let node): "\(node) stands on two sides of a split"
        case .noLink(let target): "\(target) names no link between two nodes"
        }
    }
}

extension NodeSelection {
    /// The names of the nodes, in the order of the roster.
    ///
    /// `random` gives a number from 0 up to and without its argument.
    package func resolve(
        roster: [RosterNode], random: (Int) -> Int
    ) throws(TargetError) -> [String] {
        let matching = scope.filter(roster)
        guard !matching.isEmpty else { throw .empty(selection: scope.description) }
        let wanted = amount.count(of: matching.count)
        guard wanted > 0 else {
            throw .tooFew(selection: description, wanted: 1, found: matching.count)
        }
        guard wanted <= matching.count else {
            throw .tooFew(selection: description, wanted: wanted, found: matching.count)
        }
        guard wanted < matching.count else { return matching.map(\.name) }
        // Fisher and Yates, stopped when enough are drawn.
        var indices = Array(matching.indices)
        for position in 0..<wanted {
            indices.swapAt(position, position + random(indices.count - position))
        }
        return indices[..<wanted].sorted().map { matching[$0].name }
    }
}

extension NodeSelection.Amount {
    func count(of total: Int) -> Int {
        switch self {
        case .all: total
        case .count(let count): count
        case .share(let share): max(1, Int((share * Double(total) - 1e-9).rounded(.up)))
        case .minority: (total - 1) / 2
        case .majority: total / 2 + 1
        }
    }
}

extension NodeSelection.Scope {
    /// The nodes of the roster that the path names.
    func filter(_ roster: [RosterNode]) -> [RosterNode] {
        if isRegion { return roster.filter { $0.region == name } }
        let tier = roster.filter { $0.tier == name && (shard == nil || $0.shard == shard) }
        guard !tier.isEmpty else { return roster.filter { $0.name == name } }
        guard let role else { return tier }
        return tier.filter { node in
            let standing = node.standing(in: partition)
            let leads =
                standing?.role == .leader && !tier.contains { $0.deposes(node, in: partition) }
            // A leader of an old term is on its way to being a follower.
            return role == .leader ? leads : standing != nil && !leads
        }
    }
}

extension RosterNode {
    /// In one partition, or in the one group that the node is part of.
    package func standing(in partition: Int?) -> Standing? {
        if let partition { return partitions[partition] }
        return role.map { Standing($0, term: term) }
    }

    fileprivate func deposes(_ other: RosterNode, in partition: Int?) -> Bool {
        guard shard == other.shard, let own = standing(in: partition),
            let others = other.standing(in: partition)
        else { return false }
        return own.role == .leader && own.term > others.term
    }
}

extension LinkSelection {
    /// The directed links, each once, in the order of the roster.
    package func resolve(
        roster: [RosterNode], random: (Int) -> Int
    ) throws(TargetError) -> [DirectedLink] {
        let links: [DirectedLink]
        switch self {
        case .isolate(let selection):
            let inside = try selection.resolve(roster: roster, random: random)
            let outside = roster.map(\.name).filter { !inside.contains($0) }
            links = Self.bothWays(inside, outside)
        case .split(let selections):
            links = try Self.split(selections, roster, random)
        case .oneWay(let from, let to):
            let sources = try from.resolve(roster: roster, random: random)
            let sinks = try to.resolve(roster: roster, random: random)
            links = Self.oneWay(sources, sinks)
        case .between(let left, let right):
            let first = try left.resolve(roster: roster, random: random)
            let second = try right.resolve(roster: roster, random: random)
            links = Self.bothWays(first, second)
        }
        guard !links.isEmpty else { throw .noLink(target: description) }
        return links
    }

    private static func split(
        _ selections: [NodeSelection], _ roster: [RosterNode], _ random: (Int) -> Int
    ) throws(TargetError) -> [DirectedLink] {
        var sides: [[String]] = []
        for selection in selections {
            let side = try selection.resolve(roster: roster, random: random)
            if let twice = side.first(where: { node in sides.contains { $0.contains(node) } }) {
                throw .overlap(node: twice)
            }
            sides.append(side)
        }
        return sides.indices.flatMap { first in
            sides[(first + 1)...].flatMap { bothWays(sides[first], $0) }
        }
    }

    private static func oneWay(_ sources: [String], _ sinks: [String]) -> [DirectedLink] {
        sources.flatMap { from in
            sinks.filter { $0 != from }.map { DirectedLink(from: from, to: $0) }
        }
    }

    private static func bothWays(_ left: [String], _ right: [String]) -> [DirectedLink] {
        var seen: Set<DirectedLink> = []
        return (oneWay(left, right) + oneWay(right, left)).filter { seen.insert($0).inserted }
    }
}

extension Target {
    /// The nodes of a node target.
    ///
    /// For a fault of links, use `links`: it also reads a node target, as all links of the nodes.
    package func nodes(
        roster: [RosterNode], random: (Int) -> Int
    ) throws(TargetError) -> [String] {
        switch self {
        case .nodes(let selection): try selection.resolve(roster: roster, random: random)
        case .links(let selection):
            try selection.resolve(roster: roster, random: random)
                .map(\.from).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
    }

    /// The directed links of a target; those of a node target are all that touch its nodes.
    package func links(
        roster: [RosterNode], random: (Int) -> Int
    ) throws(TargetError) -> [DirectedLink] {
        switch self {
        case .links(let selection):
            return try selection.resolve(roster: roster, random: random)
        case .nodes(let selection):
            let inside = try selection.resolve(roster: roster, random: random)
            let all = roster.map(\.name)
            return LinkSelection.links(touching: inside, of: all)
        }
    }
}

extension LinkSelection {
    /// Every directed link of `all` that begins or ends in `inside`.
    fileprivate static func links(touching inside: [String], of all: [String]) -> [DirectedLink] {
        bothWays(inside, all)
    }
}
