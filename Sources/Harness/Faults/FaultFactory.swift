// From a step of the method to a fault with settled targets, at the moment when it fires.

import Blueprint
package import Determinism
package import Experiment
import Linux
package import Reactor
package import Testbed

/// One direction between two nodes, by name and by address.
package struct TargetLink: Sendable {
    package let name: String
    package let direction: Direction

    package init(_ link: DirectedLink, direction: Direction) {
        name = "\(link.from) -> \(link.to)"
        self.direction = direction
    }
}

/// What a step's target turned out to be.
package struct ResolvedTarget: Sendable {
    package var nodes: [String]
    package var links: [DirectedLink]

    package init(nodes: [String] = [], links: [DirectedLink] = []) {
        self.nodes = nodes
        self.links = links
    }
}

/// Makes faults for one stack.
@ReactorActor
package final class FaultFactory {
    private let stack: Stack
    /// Nodes outside the stack that links may lead to: the load generator.
    private let clients: [Node]

    package init(_ stack: Stack, clients: [Node]) {
        self.stack = stack
        self.clients = clients
    }

    /// Settles who is meant, by the roles that the nodes claim now and by the step's own chance.
    package func resolve(
        _ step: MethodStep, random: SeededRandom
    ) async throws(FaultError) -> ResolvedTarget {
        var random = random
        let roster =
            await stack.roster()
            + clients.map { RosterNode(name: $0.name, tier: $0.name) }
        let chance = { (bound: Int) in random.integer(in: 0..<bound) }
        do {
            switch step.fault.word.reach {
            case .nodes:
                return ResolvedTarget(
                    nodes: try step.target.nodes(roster: roster, random: chance))
            case .links:
                return ResolvedTarget(
                    links: try step.target.links(roster: roster, random: chance))
            }
        } catch {
            throw .target(error)
        }
    }

    /// The fault of a step on settled targets.
    package func fault(
        _ spec: FaultSpec, on target: ResolvedTarget
    ) throws(FaultError) -> any Fault {
        switch spec {
        case .kill(let signal): return KillFault(signal, try members(target.nodes))
        case .pause: return PauseFault(try members(target.nodes))
        case .cacheFlush: return CacheFlushFault(try members(target.nodes))
        case .slowloris(let connections):
            return SlowlorisFault(try members(target.nodes), connections: connections)
        case .shardSplit(let boundary, let returns):
            let (shard, desk) = try shard(of: target)
            return ShardSplitFault(
                shard, at: boundary, returns: returns, targets: target.nodes, desk: desk)
        case .shardMove(let place, let returns):
            let (shard, desk) = try shard(of: target)
            let names = stack.members.filter { place.has($0.plan.rosterNode) }.map(\.name)
            return ShardMoveFault(
                shard, to: names, returns: returns, targets: target.nodes, desk: desk)
        case .disk(let fault): return DiskRuleFault(fault, try members(target.nodes))
        case .partition:
            return PartitionFault(try links(target), network: network, probe: probe)
        case .link(_, let impairment):
            return try self.impairment(impairment, on: target)
        }
    }

    private func impairment(
        _ impairment: Impairment, on target: ResolvedTarget
    ) throws(FaultError) -> any Fault {
        let links = try links(target)
        return ImpairmentFault(
            links, impairment, network: network, probe: probe,
            untouched: { [self] in untouched(by: Set(links.map(\.direction))) })
    }

    private var network: Links { stack.testbed.links }

    private var nodes: [Node] { stack.members.map(\.node) + clients }

    private var probe: LinkProbe { LinkProbe(nodes) }

    private func members(_ names: [String]) throws(FaultError) -> [Member] {
        try names.map { name throws(FaultError) in
            guard let member = stack.member(named: name) else {
                throw .target(.empty(selection: name))
            }
            return member
        }
    }

    /// The one shard that all nodes of a target began with, as the store counts, and a desk to see
    /// all nodes of the store from.
    private func shard(
        of target: ResolvedTarget
    ) throws(FaultError) -> (shard: UInt64, desk: ShardDesk) {
        let plans = try members(target.nodes).map(\.plan)
        let shards = Set(plans.map(\.shard))
        guard shards.count == 1, let number = plans.first?.shard, let tier = plans.first?.tier
        else {
            throw .target(.empty(selection: "one shard of \(target.nodes)"))
        }
        let nodes = stack.members.filter { $0.plan.tier == tier }
            .map { NamedAddress(name: $0.name, address: $0.plan.listen) }
        return (UInt64(number - 1), ShardDesk(nodes))
    }

    private func links(_ target: ResolvedTarget) throws(FaultError) -> [TargetLink] {
        var links: [TargetLink] = []
        for link in target.links {
            let (sources, sinks) = (addresses(link.from), addresses(link.to))
            guard !sources.isEmpty, !sinks.isEmpty else {
                throw .target(.empty(selection: "\(link.from) -> \(link.to)"))
            }
            for from in sources {
                for to in sinks {
                    links.append(TargetLink(link, direction: Direction(from: from, to: to)))
                }
            }
        }
        return links
    }

    /// More than one where a node stands for users of several regions.
    private func addresses(_ name: String) -> [IPv4Address] {
        nodes.first { $0.name == name }?.addresses ?? []
    }

    /// A direction that neither this fault nor one that stands already acts on.
    private func untouched(by directions: Set<Direction>) -> Direction? {
        let standing = (try? network.impaired().union(network.blocked())) ?? []
        let busy = directions.union(standing)
        for from in nodes {
            for to in nodes where to.name != from.name {
                let direction = Direction(from: from.address, to: to.address)
                if !busy.contains(direction) { return direction }
            }
        }
        return nil
    }
}
