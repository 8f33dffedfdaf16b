// Reads topology files. The shape of one, with every key:
//
//     apiVersion: faultline/v1
//     kind: Topology
//     name: web-stack
//     description: what it is for              # optional
//     entry: balancer                          # the tier that users talk to
//     wan: {between: [eu, us], delay: 40ms, jitter: 2ms}   # one way; or a list of such
//     tiers:                                   # by name; the order numbers the addresses
//       balancer: {role: balancer, count: 1, policy: least-connections, to: app}
//       edge: {role: edge, to: balancer, shield: other-edge, memory: 64MiB, max-object: 8MiB,
//              serve-stale: true, stale-while-revalidate: 0s, stale-if-error: 60s,
//              origin-timeout: 1500ms, purge-from: [10.0.0.0/8], purge-token: secret,
//              access-log: json, access-log-rate: 1000/s}
//       app: {role: app, count: 3, cache: cache, store: store, queue: queue}
//       cache: {role: cache, count: 1, memory: 64MiB}
//       store: {role: store, shards: 2, replicas: 3, acknowledge: majority, peer-port: 7001,
//               sharding: range, users-per-shard: 250}
//       queue: {role: queue}
//       worker: {role: worker, count: 2, queue: queue, store: store, work: 10ms,
//                acknowledge: after-effect, idempotent: true}
//       dns: {role: geodns, regions: [eu, us], to: [balancer], zone: faultline.test, ttl: 2s,
//             check: http, check-path: /health/ready, interval: 500ms, timeout: 400ms, rise: 2,
//             fall: 2, answers: 4, status-port: 8053, weights: {balancer: 1},
//             networks: {eu: [192.0.2.0/24]}, records: [{name: docs, type: TXT, value: hello}]}
//       other:                                 # any other program
//         exec: [redis-server, "{{files}}/redis.conf"]
//         serves: cache                        # the protocol by which the stack knows it
//         count: 1                             # or shards and replicas
//         port: 6379
//         peer-port: 16379
//         environment: {LANG: C}
//         files: {redis.conf: "bind {{address}}"}
//         ready: {resp: [PING]}                # or {tcp: true}, {http: /path}, {command: [...]}
//         role-probe: {resp: [ROLE]}           # or {http: /path}, {command: [...]}
//
// `port`, `region: eu`, `regions: [eu, us]` and `budget: {cpu: 50%, memory: 256MiB}` are allowed in
// every tier; the last holds each node to a share of one core and to so much memory. The values of
// exec, environment and files, and the words of commands, are templates; see `Template.Placeholder`.

import Blueprint

struct TopologyReader {
    let log: DiagnosticLog

    /// Nil when a topology cannot be made of it; the log says why.
    func topology(_ root: YAMLNode, source: String, text: String) -> Topology? {
        guard var fields = Fields(root, "a topology", log) else { return nil }
        fields.allow(DocumentKind.headKeys)
        let name = fields.required("name", Checked.name)
        _ = fields.optional("description", Checked.text)
        let entry = fields.takeRequired("entry")
        let tiersNode = fields.takeRequired("tiers")
        let wanNode = fields.take("wan")
        fields.finish()
        guard let tiersNode else { return nil }
        let readings = readings(tiersNode)
        var check = TopologyCheck(readings: readings, log: log)
        check.run(entry: entry)
        guard let name, let entry = entry?.text else { return nil }
        var topology = Topology(
            name: name, source: source, text: text, tiers: readings.compactMap(\.tier),
            entry: entry)
        if let wanNode {
            let reader = WideAreaReader(regions: topology.regions, log: log)
            topology.wideArea = reader.read(wanNode)
        }
        return topology
    }

    /// One reading a tier, also of those that have errors, so that references to them still hold.
    private func readings(_ node: YAMLNode) -> [TierReading] {
        guard case .mapping(let entries) = node.content else {
            if case .rejected = node.content { return [] }
            log.error(
                "\"tiers\" must be a mapping of tiers by name, not \(node.kind)",
                at: node.location)
            return []
        }
        if entries.isEmpty { log.error("\"tiers\" names no tier", at: node.location) }
        if entries.count > AddressPlan.tiersMax {
            log.error("more than \(AddressPlan.tiersMax) tiers", at: node.location)
            return []
        }
        return entries.map { entry in
            var reader = TierReader(entry: entry, log: log)
            return reader.read()
        }
    }
}

/// A tier as read, and the places of what it refers to.
struct TierReading {
    var name: String
    var location: SourceLocation
    /// Nil when the tier has errors.
    var tier: TierSpec?
    var kind: TierKind?
    var references: [TierReference] = []
}

/// The name of another tier, where it was written and what it must serve.
struct TierReference {
    var tier: String
    /// One node of it, from 1; nil: no one in particular.
    var number: Int?
    var location: SourceLocation
    /// Any when empty.
    var kinds: [TierKind] = []
}
