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
        let shape = shape(&fields, of: kind)
        let port = fields.optional("port", Checked.port) ?? kind.defaultPort
        let usual = kind.defaultPeerPort
        let peerPort = usual == nil ? nil : peerPort(&fields, besides: port, default: usual)
        let program = kind.specification.read(&fields, &self)
        fields.finish()
        guard let program else { return nil }
        return TierSpec(
            name: entry.key, location: entry.keyLocation, kind: kind, shape: shape,
            program: .builtin(program), port: port, peerPort: peerPort, ready: kind.readiness,
            roleProbe: kind.roleProbe ?? (shape.replicaCount > 1 ? .resp(["ROLE"]) : nil))
    }

    /// The name of another tier under a key; `TopologyCheck` sees whether it exists.
    mutating func reference(
        _ fields: inout Fields, _ key: String, _ kinds: [TierKind]
    ) -> String? {
        let node = fields.takeRequired(key)
        guard let node, let name = node.scalar("\"\(key)\"", log, Checked.text) else { return nil }
        references.append(TierReference(tier: name, location: node.location, kinds: kinds))
        return name
    }
}

// Keys that our own tiers and other programs share.
extension TierReader {
    func shape(_ fields: inout Fields, of kind: TierKind?) -> TierShape {
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
        if kind == .cache { fields.allow(["shards", "replicas"]) }
        return .count(fields.optional("count", Checked.integer(1...Self.countMax)) ?? 1)
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
        case .balancer, .app: 8080
        case .cache: 6379
        case .store: 7000
        case .queue: 7100
        case .worker: 7200
        }
    }

    /// The ports that the nodes of our own replicated tiers use among themselves.
    var defaultPeerPort: UInt16? {
        switch self {
        case .store: 7001
        case .queue: 7101
        case .balancer, .app, .cache, .worker: nil
        }
    }

    /// How our own tiers are asked whether they are ready.
    var readiness: Probe {
        switch self {
        case .balancer, .app, .worker: .http(path: "/health/ready")
        case .cache, .store, .queue: .resp(["PING"])
        }
    }

    var roleProbe: Probe? {
        switch self {
        case .store, .queue: .resp(["ROLE"])
        case .balancer, .app, .cache, .worker: nil
        }
    }
}
