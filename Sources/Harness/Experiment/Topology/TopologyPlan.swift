// Plans a topology: gives every node its address and works out the settings of our own tiers from
// the tiers that they refer to.

package import Blueprint
import Linux

extension Topology {
    /// The nodes in the order of the waves in which they can start.
    ///
    /// Each node gets a folder under `folder`; `seed` is the run's, from which each node has its
    /// own by name, so that adding a node leaves the others' choices as they were.
    package func plan(folder: String, seed: UInt64) -> [PlannedNode] {
        let waves = waves()
        let nodes = tiers.flatMap { tier in
            zip(tier.nodeNames, tier.places).map { name, place in
                node(name, place, of: tier, folder: folder, seed: seed, wave: waves[tier.name] ?? 0)
            }
        }
        return nodes.enumerated()
            .sorted { ($0.element.wave, $0.offset) < ($1.element.wave, $1.offset) }
            .map(\.element)
    }

    /// Where the nodes of a tier serve their clients, in the order of their names.
    package func addresses(of tier: TierSpec) -> [NamedAddress] {
        let position = (tiers.firstIndex { $0.name == tier.name } ?? 0) + 1
        return zip(tier.nodeNames, tier.places).map { name, place in
            let ip = AddressPlan.node(tier: position, shard: place.shard, index: place.index)
            return NamedAddress(name: name, address: SocketAddress(ip: ip, port: tier.port))
        }
    }

    private func node(
        _ name: String, _ place: NodePlace, of tier: TierSpec, folder: String,
        seed: UInt64, wave: Int
    ) -> PlannedNode {
        let addresses = addresses(of: tier)
        guard let own = addresses.first(where: { $0.name == name }) else {
            preconditionFailure("a tier's addresses cover its own nodes")
        }
        let folder = "\(folder)/\(name)"
        let program: PlannedProgram
        var probePort: UInt16?
        switch tier.program {
        case .builtin(let builtin):
            var blueprint = NodeBlueprint(
                name: name, listen: own.address, dataFolder: "\(folder)/data",
                seed: NodeSeed.derive(from: seed, name: name),
                metrics: SocketAddress(ip: own.address.ip, port: AddressPlan.metricsPort),
                settings: builtin.spec.settings(of: tier, at: place, in: self))
            blueprint.log = tier.log
            program = .builtin(blueprint, path: "\(folder)/blueprint.json")
            probePort = builtin.spec.probePort
        case .exec(let exec):
            let values = TemplateValues(
                topology: self, tier: tier, own: own, index: place.index, folder: folder)
            program = .exec(values.render(exec))
        }
        return PlannedNode(
            name: name, tier: tier.name, kind: tier.kind, shard: place.shard, index: place.index,
            region: tier.region(at: place), listen: own.address, peerPort: tier.peerPort,
            folder: folder, program: program, ready: tier.ready, probePort: probePort,
            roleProbe: tier.roleProbe, wave: wave, budget: tier.budget)
    }

    /// How many tiers must be up before each one, along its longest chain of references.
    private func waves() -> [String: Int] {
        var waves: [String: Int] = [:]
        func wave(of name: String) -> Int {
            if let known = waves[name] { return known }
            let needed = tier(named: name)?.references ?? []
            let value = needed.map { wave(of: $0) + 1 }.max() ?? 0
            waves[name] = value
            return value
        }
        for tier in tiers { _ = wave(of: tier.name) }
        return waves
    }
}

// What the settings of a tier ask of the tiers that it refers to.
extension Topology {
    func addresses(named name: String) -> [NamedAddress] {
        tier(named: name).map(addresses(of:)) ?? []
    }

    /// Whether a tier is ours, and so knows what our own tiers tell each other.
    func isOurs(_ name: String) -> Bool {
        if case .builtin? = tier(named: name)?.program { true } else { false }
    }

    /// A queue that is another program is one partition.
    func partitionCount(named name: String) -> Int {
        tier(named: name)?.shape.partitionCount ?? 1
    }

    /// How a store deals keys to its shards; another program is taken to hash.
    func shardLayout(named name: String) -> ShardLayout {
        guard case .builtin(.store(let spec)) = tier(named: name)?.program else {
            return ShardLayout()
        }
        return spec.layout
    }

    /// The replicas of each shard; a tier without shards is one.
    func shards(named name: String) -> [[NamedAddress]] {
        guard let tier = tier(named: name) else { return [] }
        let all = addresses(of: tier)
        guard case .shards(let shards, let replicas) = tier.shape else { return [all] }
        return (0..<shards).map { Array(all[($0 * replicas)..<(($0 + 1) * replicas)]) }
    }
}

extension TierSpec {
    /// Nodes that replicate each other, numbered from 1, with where their peers find them.
    func replicas(_ nodes: [NamedAddress]) -> [ReplicaAddress] {
        nodes.enumerated().map { index, client in
            let peer = SocketAddress(ip: client.address.ip, port: peerPort ?? port + 1)
            return ReplicaAddress(id: index + 1, client: client, peer: peer)
        }
    }
}

/// Seeds of nodes, drawn from the run's seed.
package enum NodeSeed {
    /// FNV-1a of the name, started from the run's seed: equal names and seeds give equal choices.
    package static func derive(from seed: UInt64, name: String) -> UInt64 {
        name.utf8.reduce(seed ^ 0xcbf2_9ce4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
    }
}

/// The values that the placeholders of one node have.
private struct TemplateValues {
    let topology: Topology
    let tier: TierSpec
    let own: NamedAddress
    let index: Int
    let folder: String

    func render(_ exec: ExecSpec) -> RenderedProgram {
        RenderedProgram(
            arguments: exec.arguments.map { $0.render(value) },
            environment: exec.environment.map {
                RenderedProgram.Entry(name: $0.name, value: $0.value.render(value))
            },
            files: exec.files.map {
                RenderedProgram.Entry(
                    name: "\(folder)/files/\($0.name)", value: $0.value.render(value))
            })
    }

    private func value(_ placeholder: Template.Placeholder) -> String {
        switch placeholder {
        case .address: "\(own.address.ip)"
        case .port: "\(own.address.port)"
        case .peerPort: "\(tier.peerPort ?? own.address.port)"
        case .folder: "\(folder)/data"
        case .files: "\(folder)/files"
        case .name: own.name
        case .index: "\(index)"
        case .addressOf(let name, let number):
            addresses(of: name).dropFirst(number - 1).first.map { "\($0.address.ip)" } ?? ""
        case .portOf(let name): first(of: name).map { "\($0.port)" } ?? ""
        case .addressesOf(let name):
            addresses(of: name).map { "\($0.address)" }.joined(separator: ",")
        }
    }

    private func addresses(of name: String) -> [NamedAddress] {
        topology.tier(named: name).map(topology.addresses(of:)) ?? []
    }

    private func first(of name: String) -> SocketAddress? { addresses(of: name).first?.address }
}
