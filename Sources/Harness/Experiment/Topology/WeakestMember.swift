// Which node of a stack it would hurt most to lose, and how one stack differs from the next. Pure.

import Blueprint

/// A node to kill, and why this one.
package struct WeakMember: Hashable, Sendable {
    package var tier: String
    /// As an experiment would name it.
    package var target: String
    /// How many such nodes there are to take over, itself included.
    package var redundancy: Int
    let scope: NodeSelection.Scope

    package var selection: NodeSelection { NodeSelection(.count(1), of: scope) }
}

extension NodeSelection.Scope: Hashable {
    package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension Topology {
    /// One of the tier with the fewest nodes that can stand in for each other; among equals the one
    /// nearest to the users. Of replicas the leader, which has the most to hand over.
    package var weakestMember: WeakMember {
        let members = tiersFromEntry.map(member)
        guard let least = members.map(\.redundancy).min(),
            let weakest = members.first(where: { $0.redundancy == least })
        else { preconditionFailure("a validated topology has tiers") }
        return weakest
    }

    /// The weakest, then one of the tier that does the users' work and one of the tier that has their
    /// data: the same in every phase, so that what they cost compares. In a monolith all are one.
    package var membersToKill: [WeakMember] {
        let tiers = [TierKind.app, .store].compactMap { kind in
            tiersFromEntry.first { $0.kind == kind }
        }
        return tiers.map(member).reduce(into: [weakestMember]) { members, member in
            if !members.contains(where: { $0.tier == member.tier }) { members.append(member) }
        }
    }

    private func member(of tier: TierSpec) -> WeakMember {
        let isLed = tier.roleProbe != nil
        var scope = NodeSelection.Scope(tier.nodeNames[0])
        switch tier.shape {
        case .count: break
        case .shards where isLed: scope = .init(tier.name, shard: 1, role: .leader)
        case .partitions where isLed: scope = .init(tier.name, partition: 1, role: .leader)
        case .shards, .partitions: break
        }
        return WeakMember(
            tier: tier.name, target: scope.description, redundancy: tier.shape.redundancy,
            scope: scope)
    }

    /// The entry, the tiers that it asks, those that they ask, and at last who works behind a queue.
    private var tiersFromEntry: [TierSpec] {
        var found: [TierSpec] = []
        var names = [entry]
        while !names.isEmpty {
            let name = names.removeFirst()
            guard let tier = tier(named: name), !found.contains(where: { $0.name == name }) else {
                continue
            }
            found.append(tier)
            names += tier.references
        }
        return found + tiers.filter { tier in !found.contains { $0.name == tier.name } }
    }
}

extension TierShape {
    /// Nodes that can stand in for each other.
    fileprivate var redundancy: Int {
        switch self {
        case .count(let count): count
        case .shards(_, let replicas), .partitions(_, let replicas): replicas
        }
    }

    fileprivate var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .shards(let shards, let replicas):
            "\(shards) \(shards == 1 ? "shard" : "shards") of \(replicas)"
        case .partitions(let partitions, let replicas): "\(partitions) partitions on \(replicas)"
        }
    }
}

extension Topology {
    /// What a step to another topology adds, takes away and changes, as `adds cache (1)`.
    package func changes(to next: Topology) -> [String] {
        let added = next.tiers.filter { tier(named: $0.name) == nil }
            .map { "adds \($0.name) (\($0.shape.text))" }
        let removed = tiers.filter { next.tier(named: $0.name) == nil }
            .map { "drops \($0.name)" }
        let changed = tiers.compactMap { old -> String? in
            guard let new = next.tier(named: old.name) else { return nil }
            if new.shape != old.shape {
                return "\(old.name) from \(old.shape.text) to \(new.shape.text)"
            }
            return new.program == old.program ? nil : "\(old.name) set up otherwise"
        }
        let entry = entry == next.entry ? [] : ["users enter at \(next.entry)"]
        return added + removed + changed + entry
    }
}

extension ExperimentPlan {
    /// One kill in a stack under load: what `faultline ladder` does to every phase.
    package static func oneKill(
        of member: WeakMember, for length: Duration, in topology: Topology, seed: UInt64,
        load: LoadProfile, phases: PhasePlan
    ) -> ExperimentPlan {
        let place = SourceLocation.file(topology.source)
        let step = MethodStep(
            id: "1", at: .zero, duration: length, fault: .kill(signal: .kill),
            target: .nodes(member.selection), location: place)
        return ExperimentPlan(
            name: "\(topology.name)-kill", description: nil, source: topology.source, text: "",
            topology: topology, seed: seed, load: load, phases: phases, method: [step],
            objectives: [], recoveryCriterion: RecoveryCriterion())
    }
}
