// Reads one tier of a topology: the keys that all have, then those of its role. `exec` in the place
// of `role` makes it any other program; ExecReader.swift has that half.

import Blueprint
import Linux

struct TierReader {
    static let countMax = 200
    /// They stand for nodes that the harness adds itself.
    static let reservedNames = ["client", "router", "harness"]

    let entry: YAMLEntry
    let log: DiagnosticLog
    var references: [TierReference] = []
    var hasPeerPort = false

    init(entry: YAMLEntry, log: DiagnosticLog) {
        self.entry = entry
        self.log = log
    }

    mutating func read() -> TierReading {
        var reading = TierReading(name: entry.key, location: entry.keyLocation)
        checkName()
        let problems = log.count
        if var fields = Fields(entry.value, "tier \(entry.key)", log) {
            let tier = fields.has("exec") ? exec(&fields) : builtin(&fields)
            reading.kind = tier?.kind
            reading.tier = log.count == problems ? tier : nil
        }
        reading.references = references
        return reading
    }

    private func checkName() {
        let key = YAMLNode(content: .scalar(entry.key, .plain), location: entry.keyLocation)
        _ = key.scalar("the name of a tier", log, Checked.name)
        if Self.reservedNames.contains(entry.key) {
            log.error("\"\(entry.key)\" is a name that the harness uses itself", at: key.location)
        }
    }

    private mutating func builtin(_ fields: inout Fields) -> TierSpec? {
        guard fields.has("role") else {
            fields.allow(["role", "exec"])
            log.error(
                "tier \(entry.key) needs the key \"role\", or \"exec\" for another program",
                at: entry.keyLocation)
            return nil
        }
        guard let kind = fields.required("role", Checked.word("role", TierKind.self)) else {
            return nil
        }
        let regions = regions(&fields)
        let shape = shape(&fields, of: kind, countUsual: max(1, regions.count))
        let port = fields.optional("port", Checked.port) ?? kind.defaultPort
        if port == AddressPlan.metricsPort {
            log.error(
                "port clash: \(port) is where nodes show their metrics",
                at: fields.location(of: "port") ?? entry.keyLocation)
        }
        let usual = kind.defaultPeerPort
        let peerPort = usual == nil ? nil : peerPort(&fields, besides: port, default: usual)
        let budget = fields.take("budget").flatMap { NodeBudget.read($0, self.log) }
        let log = fields.optional("log", Checked.word("requests to log", RequestLogging.self))
        let program = kind.specification.read(&fields, &self)
        fields.finish()
        guard let program else { return nil }
        return TierSpec(
            name: entry.key, location: entry.keyLocation, kind: kind, shape: shape,
            regions: regions, program: .builtin(program), port: port, peerPort: peerPort,
            ready: kind.readiness,
            roleProbe: kind.roleProbe ?? (shape.replicaCount > 1 ? .resp(["ROLE"]) : nil),
            budget: budget, log: log ?? .trouble)
    }

    /// The name of another tier under a key; `TopologyCheck` sees whether it exists.
    mutating func reference(
        _ fields: inout Fields, _ key: String, _ kinds: [TierKind]
    ) -> String? {
        reference(fields.takeRequired(key), key, kinds)
    }

    /// As `reference`, and the key may be absent.
    mutating func optionalReference(
        _ fields: inout Fields, _ key: String, _ kinds: [TierKind]
    ) -> String? {
        reference(fields.take(key), key, kinds)
    }

    private mutating func reference(
        _ node: YAMLNode?, _ key: String, _ kinds: [TierKind]
    ) -> String? {
        guard let node, let name = node.scalar("\"\(key)\"", log, Checked.text) else { return nil }
        references.append(TierReference(tier: name, location: node.location, kinds: kinds))
        return name
    }

    /// The names of one or several other tiers under a key; empty, and reported, when there is none.
    mutating func references(
        _ fields: inout Fields, _ key: String, _ kinds: [TierKind]
    ) -> [String] {
        guard let node = fields.takeRequired(key) else { return [] }
        var items = [node]
        if case .sequence(let list) = node.content { items = list }
        if items.isEmpty { log.error("\"\(key)\" names no tier", at: node.location) }
        var names: [String] = []
        for item in items {
            guard let name = item.scalar("\"\(key)\"", log, Checked.text) else { continue }
            if names.contains(name) {
                log.error("\"\(name)\" is named twice", at: item.location)
                continue
            }
            names.append(name)
            references.append(TierReference(tier: name, location: item.location, kinds: kinds))
        }
        return names
    }
}

// Keys that our own tiers and other programs share.
extension TierReader {
    /// One region for all nodes, or several that they go round.
    func regions(_ fields: inout Fields) -> [String] {
        let one = fields.optional("region", Checked.name)
        guard let node = fields.take("regions") else { return one.map { [$0] } ?? [] }
        if one != nil {
            log.error("a tier has either \"region\" or \"regions\"", at: node.location)
        }
        guard let items = node.items("\"regions\"", log) else { return [] }
        if items.isEmpty { log.error("\"regions\" names none", at: node.location) }
        return items.compactMap { $0.scalar("a region", log, Checked.name) }
    }

    func shape(
        _ fields: inout Fields, of kind: TierKind?, countUsual: Int = 1
    ) -> TierShape {
        let sharded = kind == .store || fields.has("shards") || fields.has("replicas")
        if sharded, kind == .store || kind == nil {
            let shards = fields.optional("shards", Checked.integer(1...64)) ?? 1
            let replicas = fields.optional("replicas", Checked.integer(1...7)) ?? 3
            fields.forbid(
                "count", "\"count\" follows from \"shards\" and \"replicas\" here")
            return .shards(shards, replicas: replicas)
        }
        if kind == .queue, !fields.has("exec") {
            let partitions = fields.optional("partitions", Checked.integer(1...64)) ?? 4
            let replicas = fields.optional("replicas", Checked.integer(1...7)) ?? 3
            fields.forbid("count", "\"count\" follows from \"replicas\" here")
            return .partitions(partitions, replicas: replicas)
        }
        if kind == .cache, !fields.has("exec"), fields.has("shards") || fields.has("replicas") {
            let shards = fields.optional("shards", Checked.integer(1...64)) ?? 1
            let replicas = fields.optional("replicas", Checked.integer(1...7)) ?? 1
            fields.forbid(
                "count", "\"count\" follows from \"shards\" and \"replicas\" here")
            return .shards(shards, replicas: replicas)
        }
        if kind == .cache, !fields.has("exec") { fields.allow(["shards", "replicas"]) }
        let count = fields.optional("count", Checked.integer(1...Self.countMax))
        return .count(count ?? countUsual)
    }

    func peerPort(
        _ fields: inout Fields, besides port: UInt16?, default fallback: UInt16? = nil
    ) -> UInt16? {
        let node = fields.take("peer-port")
        let peerPort = node.flatMap { $0.scalar("\"peer-port\"", log, Checked.port) } ?? fallback
        if let peerPort, peerPort == port {
            log.error(
                "port clash: \"port\" and \"peer-port\" of tier \(entry.key) are both \(peerPort)",
                at: node?.location ?? fields.location(of: "port") ?? entry.keyLocation)
        }
        return peerPort
    }
}

extension TierKind {
    /// The ports that our own tiers use when the topology names none.
    package var defaultPort: UInt16 {
        switch self {
        case .balancer, .edge, .app: 8080
        case .cache: 6379
        case .store: 7000
        case .queue: 7100
        case .worker: 7200
        case .geodns: 5353
        }
    }

    /// The ports that the nodes of our own replicated tiers use among themselves.
    var defaultPeerPort: UInt16? {
        switch self {
        case .store: 7001
        case .queue: 7101
        case .balancer, .edge, .app, .cache, .worker, .geodns: nil
        }
    }

    /// How our own tiers are asked whether they are ready.
    var readiness: Probe {
        switch self {
        case .balancer, .app, .worker, .geodns: .http(path: "/health/ready")
        case .edge: .http(path: "/-/ready")
        case .cache, .store, .queue: .resp(["PING"])
        }
    }

    var roleProbe: Probe? {
        switch self {
        case .store, .queue: .resp(["ROLE"])
        case .balancer, .edge, .app, .cache, .worker, .geodns: nil
        }
    }
}
