// Regions and the distances between them: a part of the topology, not a fault. The delays stand from
// before the first process starts until the stack is taken down.

import Blueprint
package import Linux

/// What lies between two regions; the same both ways.
package struct WideAreaLink: Sendable, Equatable {
    /// Two different regions.
    package var between: [String]
    /// One way: a round trip takes twice as long.
    package var delay: Duration
    /// Half-width of a uniform distribution around `delay`; at most `delay`.
    package var jitter: Duration = .zero

    package init(between: [String], delay: Duration) {
        precondition(between.count == 2 && between[0] != between[1], "a link has two ends")
        self.between = between
        self.delay = delay
    }

    package func joins(_ first: String, _ second: String) -> Bool {
        between == [first, second] || between == [second, first]
    }
}

extension Topology {
    /// All regions, in the order in which tiers name them.
    package var regions: [String] {
        var seen: Set<String> = []
        return tiers.flatMap(\.regions).filter { seen.insert($0).inserted }
    }

    /// The link between two regions; nil within one, and where the topology names none.
    package func wideAreaLink(_ first: String, _ second: String) -> WideAreaLink? {
        wideArea.first { $0.joins(first, second) }
    }

    /// The other regions, the nearest first; those as far away as each other in the file's order.
    func neighbours(of region: String) -> [String] {
        let others = regions.filter { $0 != region }
        let distances = others.map { wideAreaLink(region, $0)?.delay ?? .zero }
        return others.indices
            .sorted { (distances[$0], $0) < (distances[$1], $1) }
            .map { others[$0] }
    }

    /// The addresses from which users of a region come.
    package func clientNetwork(of region: String) -> IPv4Network? {
        regions.firstIndex(of: region).map { AddressPlan.clientNetwork(region: $0 + 1) }
    }

    /// The address of a region's users.
    package func clientAddress(in region: String) -> IPv4Address? {
        regions.firstIndex(of: region).map { AddressPlan.client(region: $0 + 1) }
    }

    /// Every network of a region: its users', and its nodes'.
    func networks(of region: String) -> [IPv4Network] {
        var networks = [clientNetwork(of: region)].compactMap { $0 }
        for (position, tier) in tiers.enumerated() where tier.regions.contains(region) {
            if tier.regions.count == 1 {
                networks.append(AddressPlan.network(tier: position + 1))
                continue
            }
            let nodes = zip(addresses(of: tier), tier.places)
            networks += nodes.filter { tier.region(at: $0.1) == region }
                .map { IPv4Network($0.0.address.ip, prefix: 32) }
        }
        return networks
    }
}

extension TierSpec {
    /// The region of a node: nodes go round the tier's regions, replicas within their shard.
    func region(at place: NodePlace) -> String? {
        regions.isEmpty ? nil : regions[(place.index - 1) % regions.count]
    }
}

/// Reads the section `wan`: one link, or a list of them.
///
///     wan: {between: [eu, us], delay: 40ms, jitter: 2ms}
struct WideAreaReader {
    let regions: [String]
    let log: DiagnosticLog

    func read(_ node: YAMLNode) -> [WideAreaLink] {
        let items: [YAMLNode]
        if case .sequence(let list) = node.content { items = list } else { items = [node] }
        var links: [WideAreaLink] = []
        for item in items {
            guard let link = link(item) else { continue }
            if links.contains(where: { $0.joins(link.between[0], link.between[1]) }) {
                log.error(
                    "\(link.between[0]) and \(link.between[1]) are linked twice", at: item.location)
            }
            links.append(link)
        }
        return links
    }

    private func link(_ node: YAMLNode) -> WideAreaLink? {
        guard var fields = Fields(node, "\"wan\"", log) else { return nil }
        let between = fields.takeRequired("between").flatMap(ends)
        let bounds = Duration.zero ... .seconds(10)
        let delay = fields.required("delay", Checked.duration(bounds))
        let jitterPlace = fields.location(of: "jitter")
        let jitter = fields.optional("jitter", Checked.duration(bounds)) ?? .zero
        fields.finish()
        guard let between, let delay else { return nil }
        if jitter > delay, let jitterPlace {
            log.error("\"jitter\" is above \"delay\"", at: jitterPlace)
            return nil
        }
        var link = WideAreaLink(between: between, delay: delay)
        link.jitter = jitter
        return link
    }

    private func ends(_ node: YAMLNode) -> [String]? {
        guard let items = node.items("\"between\"", log) else { return nil }
        let names = items.compactMap { $0.scalar("a region", log, Checked.name) }
        guard names.count == items.count else { return nil }
        guard names.count == 2, names[0] != names[1] else {
            log.error("\"between\" takes two different regions", at: node.location)
            return nil
        }
        for (name, item) in zip(names, items) where !regions.contains(name) {
            log.unknown("region", name, among: regions, at: item.location)
            return nil
        }
        return names
    }
}
