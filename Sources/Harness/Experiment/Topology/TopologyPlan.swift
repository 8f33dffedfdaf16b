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
        _ name: String, _ place: (shard: Int?, index: Int), of tier: TierSpec, folder: String,
        seed: UInt64, wave: Int
    ) -> PlannedNode {
        let addresses = addresses(of: tier)
        guard let own = addresses.first(where: { $0.name == name }) else {
            preconditionFailure("a tier's addresses cover its own nodes")
        }
        let folder = "\(folder)/\(name)"
        let program: PlannedProgram
        switch tier.program {
        case .builtin(let builtin):
            let blueprint = NodeBlueprint(
                name: name, listen: own.address, dataFolder: "\(folder)/data",
                seed: NodeSeed.derive(from: seed, name: name),
                settings: settings(builtin, of: tier, at: place))
            program = .builtin(blueprint, path: "\(folder)/blueprint.json")
        case .exec(let exec):
            let values = TemplateValues(
                topology: self, tier: tier, own: own, index: place.index, folder: folder)
            program = .exec(values.render(exec))
        }
        return PlannedNode(
            name: name, tier: tier.name, kind: tier.kind, shard: place.shard, index: place.index,
            listen: own.address, peerPort: tier.peerPort, folder: folder, program: program,
            ready: tier.ready, roleProbe: tier.roleProbe, wave: wave)
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

// The settings of our own tiers.
extension Topology {
    private func settings(
        _ builtin: BuiltinTier, of tier: TierSpec, at place: (shard: Int?, index: Int)
    ) -> TierSettings {
        switch builtin {
        case .balancer(let policy, let to):
            var settings = BalancerSettings(backends: addresses(named: to))
            settings.policy = policy
            return .balancer(settings)
        case .app(let cache, let store, let queue):
            var settings = AppSettings(
                cache: addresses(named: cache), shards: shards(named: store),
                queue: addresses(named: queue))
            settings.queuePartitions = partitionCount(named: queue)
            return .app(settings)
        case .cache(let memory): return .cache(CacheSettings(memoryLimit: memory))
        case .store(let acknowledge):
            return .store(store(of: tier, at: place, acknowledge: acknowledge))
        case .queue(let queue): return .queue(self.queue(of: tier, at: place, queue))
        case .worker(let worker):
            var settings = WorkerSettings(
                queue: addresses(named: worker.queue), shards: shards(named: worker.store))
            settings.partitions = partitionCount(named: worker.queue)
            settings.work = worker.work
            settings.concurrency = worker.concurrency ?? settings.concurrency
            settings.poison = worker.poison
            settings.acknowledge = worker.acknowledge
            settings.idempotent = worker.idempotent
            return .worker(settings)
        }
    }

    private func addresses(named name: String) -> [NamedAddress] {
        tier(named: name).map(addresses(of:)) ?? []
    }

    /// A queue that is another program is one partition.
    private func partitionCount(named name: String) -> Int {
        tier(named: name)?.shape.partitionCount ?? 1
    }

    private func queue(
        of tier: TierSpec, at place: (shard: Int?, index: Int), _ spec: QueueSpec
    ) -> QueueSettings {
        let nodes = addresses(of: tier).enumerated().map { index, client in
            let peer = SocketAddress(ip: client.address.ip, port: tier.peerPort ?? tier.port + 1)
            return ReplicaAddress(id: index + 1, client: client, peer: peer)
        }
        var settings = QueueSettings(
            node: place.index, nodes: nodes, partitions: tier.shape.partitionCount ?? 1)
        settings.tries = spec.tries ?? settings.tries
        settings.memory = spec.memory ?? settings.memory
        settings.retention = spec.retention ?? settings.retention
        settings.acknowledge = spec.acknowledge
        return settings
    }

    /// The replicas of each shard; a tier without shards is one.
    private func shards(named name: String) -> [[NamedAddress]] {
        guard let tier = tier(named: name) else { return [] }
        let all = addresses(of: tier)
        guard case .shards(let shards, let replicas) = tier.shape else { return [all] }
        return (0..<shards).map { Array(all[($0 * replicas)..<(($0 + 1) * replicas)]) }
    }

    private func store(
        of tier: TierSpec, at place: (shard: Int?, index: Int), acknowledge: ReplicaAcknowledgement
    ) -> StoreSettings {
        let shards = shards(named: tier.name).map { replicas in
            replicas.enumerated().map { index, client in
                let port = tier.peerPort ?? tier.port + 1
                let peer = SocketAddress(ip: client.address.ip, port: port)
                return ReplicaAddress(id: index + 1, client: client, peer: peer)
            }
        }
        let shard = (place.shard ?? 1) - 1
        var settings = StoreSettings(
            shard: shard, shardCount: shards.count, replica: place.index, replicas: shards[shard])
        settings.shards = shards
        settings.acknowledge = acknowledge
        return settings
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
