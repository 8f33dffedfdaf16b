// The network of a testbed: the calling process's own namespace is the router, each node's
// namespace hangs off it by a veth pair, and policy rules make links bad or cut them.
//
//     rule 0        lookup local          (the kernel's)
//     rule 100      from A to B blackhole         a partition, one way
//     rule 200      iif impair0 lookup main       what the emulator sends on
//     rule 300      from A to B lookup 300        an impaired direction goes to the emulator
//     rule 32766    lookup main           (the kernel's)
//
// A partition comes before everything, so it also stops what the emulator still holds.

import Determinism
package import Experiment
package import Linux

/// Links between nodes, and the faults on them; belongs to one thread.
package final class Links {
    /// Every node's gateway, and the address that the harness itself has towards the nodes.
    package static let router = IPv4Address(169, 254, 0, 1)

    private var socket: RouteSocket
    private let emulator: LinkEmulator
    /// Keeps the far end's namespace alive.
    private let wire: NetworkNamespace
    private let random: SeededRandom
    private var linkNext: Int32 = 100
    private var attached: [IPv4Address: Int32] = [:]
    /// The layers of each direction that goes to the emulator; never an empty set.
    private var layers: [Direction: Set<LinkLayer>] = [:]
    private var layerNext = LinkLayer.only.number + 1
    private var impairedBefore = 0
    private var isDown = false

    /// Turns the calling thread's namespace, which must be a fresh one, into the router.
    package init(seed: UInt64) throws(SyscallError) {
        random = SeededRandom(seed: seed).fork("links")
        try Kernel.configureRouter()
        socket = try RouteSocket()
        wire = try NetworkNamespace.create()
        try wire.perform { () throws(SyscallError) in try Kernel.withoutIPv6() }
        try socket.perform(ImpairLink.requests(wire: wire.descriptor.raw))
        try LinkFeatures.finishPackets(on: ImpairLink.near.name)
        let ring = try wire.perform { () throws(SyscallError) in
            var inside = try RouteSocket()
            try inside.perform(.linkUp(index: ImpairLink.far.index))
            return try PacketRing(link: ImpairLink.far.index)
        }
        try socket.waitUntilUsable(link: ImpairLink.near.index, deadline: Self.linkDeadline)
        emulator = try LinkEmulator(
            ring, ends: .init(near: ImpairLink.near.address, far: ImpairLink.far.address))
    }

    /// Makes a namespace with loopback and `eth0` under one address, linked to the router.
    package func attach(_ address: IPv4Address, name: String) throws(SyscallError)
        -> NetworkNamespace
    {
        precondition(attached[address] == nil, "an address belongs to one node")
        let namespace = try NetworkNamespace.create()
        var inside = try namespace.perform { () throws(SyscallError) in
            try Kernel.configureNode()
            return try RouteSocket()
        }
        let link = linkNext
        linkNext += 1
        let here = LinkEnd(
            name: Self.linkName(name, link), index: link,
            address: LinkAddress(kind: 1, address))
        let there = LinkEnd(
            name: "eth0", index: Self.nodeLink, address: LinkAddress(kind: 2, address))
        try socket.perform([
            .newVeth(here, peer: there, peerNamespace: namespace.descriptor.raw),
            .newHostRoute(address, link: link, source: Self.router),
            .putNeighbour(address, at: there.address, link: link),
        ])
        attached[address] = link
        try inside.perform([
            .linkUp(index: 1),
            .linkUp(index: there.index),
            .putAddress(address, link: there.index),
            .putNeighbour(Self.router, at: here.address, link: there.index),
            .newDefaultRoute(via: Self.router, link: there.index),
        ])
        try socket.waitUntilUsable(link: link, deadline: Self.linkDeadline)
        return namespace
    }

    /// Gives a node a further address, over the link that it has.
    package func add(
        _ address: IPv4Address, to primary: IPv4Address, in namespace: borrowing NetworkNamespace
    ) throws(SyscallError) {
        guard let link = attached[primary] else {
            preconditionFailure("a node is attached before it gets a second address")
        }
        var inside = try namespace.perform { () throws(SyscallError) in try RouteSocket() }
        try socket.perform([
            .newHostRoute(address, link: link, source: Self.router),
            .putNeighbour(address, at: LinkAddress(kind: 2, primary), link: link),
        ])
        try inside.perform(.putAddress(address, link: Self.nodeLink))
    }

    /// Removes a node's link; both ends go.
    package func detach(_ address: IPv4Address) throws(SyscallError) {
        guard let link = attached.removeValue(forKey: address) else { return }
        try socket.perform(.deleteLink(index: link))
    }

    /// Stops the emulator and removes every rule and link; does nothing the second time.
    package func tearDown() throws(SyscallError) {
        if isDown { return }
        isDown = true
        emulator.stop()
        for address in Array(attached.keys) { try detach(address) }
        let ours = try socket.rules().filter { Priority.all.contains($0.priority) }
        if !ours.isEmpty { try socket.perform(ours.map(RouteMessage.deleteRule)) }
        layers.removeAll()
        try socket.perform(.deleteLink(index: ImpairLink.near.index))
    }

    /// The index of a node's link in its own namespace, behind loopback.
    private static let nodeLink: Int32 = 2

    private static var linkDeadline: MonotonicTime { .now() + .seconds(5) }

    /// The node's name where it fits an interface's 15 bytes, for whoever looks on with a sniffer.
    private static func linkName(_ name: String, _ link: Int32) -> String {
        name.utf8.count <= 15 && !name.contains("/") ? name : "node-\(link)"
    }
}

extension Links {
    /// Cuts directions by one blackhole rule each; takes hold at once, for open connections too.
    package func block(_ directions: [Direction]) throws(SyscallError) {
        try socket.perform(directions.map { .newRule(Self.cut($0)) })
    }

    package func block(from source: IPv4Address, to destination: IPv4Address) throws(SyscallError) {
        try block([Direction(from: source, to: destination)])
    }

    /// Takes the rules of `block` away again.
    package func unblock(_ directions: [Direction]) throws(SyscallError) {
        try socket.perform(directions.map { .deleteRule(Self.cut($0)) })
    }

    package func unblock(
        from source: IPv4Address, to destination: IPv4Address
    ) throws(SyscallError) {
        try unblock([Direction(from: source, to: destination)])
    }

    /// The directions that the kernel says are cut: read back, not remembered.
    package func blocked() throws(SyscallError) -> Set<Direction> {
        Set(try socket.rules().filter { $0.action == .blackhole }.compactMap(\.direction))
    }

    package func isBlocked(
        from source: IPv4Address, to destination: IPv4Address
    ) throws(SyscallError) -> Bool {
        try blocked().contains(Direction(from: source, to: destination))
    }

    private static func cut(_ direction: Direction) -> PolicyRule {
        PolicyRule(
            priority: Priority.partition, source: direction.from, destination: direction.to,
            action: .blackhole)
    }
}

extension Links {
    /// Impairs directions for as long as the testbed stands, before anything is sent over them.
    package func lay(_ laid: [(Direction, Impairment)]) throws(SyscallError) {
        for (direction, impairment) in laid {
            precondition(layers[direction] == nil, "a direction is laid once, and first")
            layers[direction] = [.standing]
            emulator.impair(
                direction, impairment, as: .standing, random: random.fork("\(direction)"))
        }
        if laid.isEmpty { return }
        try socket.perform(laid.map { .newRule(Self.detour($0.0)) })
    }

    /// What all layers but one do to a direction, in the order in which they were laid.
    package func impairments(
        of direction: Direction, beside layer: LinkLayer? = nil
    ) -> [Impairment] {
        emulator.impairments(of: direction, beside: layer)
    }

    /// What stands on a direction without any fault; nil: nothing.
    package func standing(on direction: Direction) -> Impairment? {
        emulator.impairment(of: direction, as: .standing)
    }

    /// The directions that the kernel sends to the emulator, whatever it does to them.
    package func detoured() throws(SyscallError) -> Set<Direction> {
        Set(
            try socket.rules().filter { $0.action == .lookup(ImpairLink.table) }
                .compactMap(\.direction))
    }

    /// A layer that nobody else has.
    package func makeLayer() -> LinkLayer {
        defer { layerNext += 1 }
        return LinkLayer(number: layerNext)
    }

    /// Sends packets of directions through the emulator; a second call for a layer changes what it
    /// does. What other layers do stays, and comes first.
    package func impair(
        _ directions: [Direction], _ impairment: Impairment, as layer: LinkLayer
    ) throws(SyscallError) {
        for direction in directions {
            impairedBefore += 1
            // The model first: no packet may come by before it is there.
            emulator.impair(
                direction, impairment, as: layer,
                random: random.fork("\(direction) \(impairedBefore)"))
        }
        let fresh = directions.filter { layers[$0] == nil }
        for direction in directions { layers[direction, default: []].insert(layer) }
        if !fresh.isEmpty { try socket.perform(fresh.map { .newRule(Self.detour($0)) }) }
    }

    package func impair(
        from source: IPv4Address, to destination: IPv4Address, _ impairment: Impairment,
        as layer: LinkLayer = .only
    ) throws(SyscallError) {
        try impair([Direction(from: source, to: destination)], impairment, as: layer)
    }

    /// Takes a layer away, gives directions without another their direct path back, and then lets go
    /// what the layer still holds.
    package func heal(_ directions: [Direction], as layer: LinkLayer) throws(SyscallError) {
        let healed = directions.filter { layers[$0]?.contains(layer) == true }
        let freed = healed.filter { layers[$0]?.count == 1 }
        if !freed.isEmpty { try socket.perform(freed.map { .deleteRule(Self.detour($0)) }) }
        for direction in healed {
            layers[direction]?.remove(layer)
            if layers[direction]?.isEmpty == true { layers[direction] = nil }
            emulator.heal(direction, as: layer)
        }
    }

    package func heal(
        from source: IPv4Address, to destination: IPv4Address, as layer: LinkLayer = .only
    ) throws(SyscallError) {
        try heal([Direction(from: source, to: destination)], as: layer)
    }

    /// The directions that are worse than they stand: read back from the kernel and the emulator, not
    /// remembered.
    package func impaired() throws(SyscallError) -> Set<Direction> {
        try detoured().filter { direction in
            emulator.impairment(of: direction, as: .standing) == nil
                || !emulator.impairments(of: direction, beside: .standing).isEmpty
        }
    }

    /// The directions on which one layer acts: the kernel has the rule, and the emulator the layer.
    package func impaired(by layer: LinkLayer) throws(SyscallError) -> Set<Direction> {
        try detoured().filter { emulator.impairment(of: $0, as: layer) != nil }
    }

    package func isImpaired(
        from source: IPv4Address, to destination: IPv4Address
    ) throws(SyscallError) -> Bool {
        try impaired().contains(Direction(from: source, to: destination))
    }

    /// What happened to a direction's packets since it was first impaired; stays after healing.
    package func counters(
        from source: IPv4Address, to destination: IPv4Address
    ) -> LinkCounters? {
        emulator.counters(of: Direction(from: source, to: destination))
    }

    private static func detour(_ direction: Direction) -> PolicyRule {
        PolicyRule(
            priority: Priority.detour, source: direction.from, destination: direction.to,
            action: .lookup(ImpairLink.table))
    }
}

/// Where our rules stand among the kernel's.
private enum Priority {
    static let partition: UInt32 = 100
    static let wayBack: UInt32 = 200
    static let detour: UInt32 = 300
    static let all: Set<UInt32> = [partition, wayBack, detour]
}

/// The pair of links and the table that lead to the emulator.
private enum ImpairLink {
    static let table = RouteTable(rawValue: 300)
    static let near = LinkEnd(
        name: "impair0", index: 10, address: LinkAddress(kind: 3, IPv4Address(0, 0, 0, 0)))
    static let far = LinkEnd(
        name: "impair1", index: 10, address: LinkAddress(kind: 4, IPv4Address(0, 0, 0, 0)))
    /// A next hop that no device has; see LinkEmulator.
    static let nextHop = IPv4Address(169, 254, 0, 2)
    static let nextHopAddress = LinkAddress(kind: 5, IPv4Address(0, 0, 0, 0))

    static func requests(wire: Int32) -> [RouteMessage] {
        [
            .linkUp(index: 1),
            .putAddress(Links.router, link: 1),
            .newVeth(near, peer: far, peerNamespace: wire),
            .putNeighbour(nextHop, at: nextHopAddress, link: near.index),
            .newDefaultRoute(via: nextHop, link: near.index, table: table),
            .newRule(
                PolicyRule(
                    priority: Priority.wayBack, inputLink: near.name, action: .lookup(.main))),
        ]
    }
}

extension PolicyRule {
    fileprivate var direction: Direction? {
        guard let source, let destination else { return nil }
        return Direction(from: source, to: destination)
    }
}
