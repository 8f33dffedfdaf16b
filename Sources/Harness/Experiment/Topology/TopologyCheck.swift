// What can only be judged once all tiers are known: names, references, and circles among them.

import Blueprint

struct TopologyCheck {
    let readings: [TierReading]
    let log: DiagnosticLog

    mutating func run(entry: YAMLNode?) {
        checkNodeNames()
        for reading in readings {
            for reference in reading.references { check(reference) }
        }
        checkCircles()
        checkRegions()
        if let entry { checkEntry(entry) }
    }

    private func reading(named name: String) -> TierReading? {
        readings.first { $0.name == name }
    }

    private func check(_ reference: TierReference) {
        guard let tier = reading(named: reference.tier) else {
            log.unknown(
                "tier", reference.tier, among: readings.map(\.name), at: reference.location)
            return
        }
        if let number = reference.number, let count = tier.tier?.nodeNames.count, number > count {
            log.error(
                "tier \"\(reference.tier)\" has no node \(number); it has \(count)",
                at: reference.location)
        }
        // A tier whose own reading failed has no kind; that was reported where it failed.
        guard tier.tier != nil, !reference.kinds.isEmpty else { return }
        if tier.kind.map(reference.kinds.contains) != true {
            let wanted = reference.kinds.map(\.rawValue).joined(separator: " or ")
            let found = tier.kind.map { "a \($0.rawValue)" } ?? "no protocol of the stack"
            let fitting = reference.kinds.lazy
                .compactMap { kind in readings.first { $0.kind == kind } }.first
            log.error(
                "tier \"\(reference.tier)\" must serve as \(wanted), but it serves \(found)",
                at: reference.location, suggestion: fitting?.name)
        }
    }

    private func checkEntry(_ entry: YAMLNode) {
        guard let name = entry.scalar("\"entry\"", log, Checked.text) else { return }
        guard let tier = reading(named: name) else {
            log.unknown("tier", name, among: readings.map(\.name), at: entry.location)
            return
        }
        if let kind = tier.kind, ![.balancer, .edge, .app, .geodns].contains(kind) {
            log.error(
                "users cannot talk to a \(kind.rawValue); the entry is an edge, a balancer, an app "
                    + "or a geodns",
                at: entry.location)
        } else if tier.kind == .geodns, case .exec? = tier.tier?.program {
            log.error(
                "users resolve through a geodns of our own; what names another program serves is "
                    + "not known", at: entry.location)
        }
    }

    private func checkRegions() {
        var regions: [String] = []
        for reading in readings {
            for region in reading.tier?.regions ?? [] where !regions.contains(region) {
                regions.append(region)
                if regions.count > AddressPlan.regionsMax {
                    log.error(
                        "more than \(AddressPlan.regionsMax) regions", at: reading.location)
                }
            }
        }
        for tier in readings.compactMap(\.tier) {
            guard case .builtin(.geodns(let spec)) = tier.program else { continue }
            checkPorts(spec.to, tier)
            for name in spec.networks.keys.sorted() where !regions.contains(name) {
                log.unknown("region", name, among: regions, at: tier.location)
            }
        }
    }

    /// An address record has no port, so all that it leads to must share one.
    private func checkPorts(_ names: [String], _ tier: TierSpec) {
        let tiers = names.compactMap { reading(named: $0)?.tier }
        if let other = tiers.first(where: { $0.port != tiers[0].port }) {
            log.error(
                "DNS tells addresses and no ports, so \(tiers[0].name) and \(other.name) must "
                    + "serve on the same port", at: tier.location)
        }
    }

    /// Nodes are named after their tier and number, so two tiers may mean the same node.
    private func checkNodeNames() {
        var owners: [String: String] = [:]
        for tier in readings.compactMap(\.tier) {
            let names = [tier.name] + tier.nodeNames
            if let name = names.first(where: { owners[$0] != nil }), let owner = owners[name] {
                log.error(
                    "duplicate name \"\(name)\": tiers \(owner) and \(tier.name) both have it",
                    at: tier.location)
            }
            for name in names where owners[name] == nil { owners[name] = tier.name }
        }
    }

    /// A circle of tiers has no order in which to start.
    private func checkCircles() {
        var finished: Set<String> = []
        for reading in readings { walk(reading, [], &finished) }
    }

    private func walk(_ reading: TierReading, _ path: [String], _ finished: inout Set<String>) {
        guard !finished.contains(reading.name) else { return }
        let path = path + [reading.name]
        // A cluster may name itself in its own files; that asks for no order.
        let isOwn = reading.tier.map { if case .exec = $0.program { true } else { false } } ?? false
        for reference in reading.references where !(isOwn && reference.tier == reading.name) {
            if let start = path.firstIndex(of: reference.tier) {
                let circle = (path[start...] + [reference.tier]).joined(separator: " -> ")
                log.error("cyclic reference: \(circle)", at: reference.location)
            } else if let next = self.reading(named: reference.tier) {
                walk(next, path, &finished)
            }
        }
        finished.insert(reading.name)
    }
}
