// Small valid files that the tests break in one place, and ways to read them from memory.

import Testing

@testable import Experiment

enum Sample {
    /// The line numbers of tests count in this text.
    static let experiment = """
        apiVersion: faultline/v1
        kind: Experiment
        name: sample
        topology: stack.yaml
        seed: 7
        load:
          arrivals: poisson
          rate: 400/s
          journeys: {browse: 70%, post: 20%, checkout: 10%}
          users: 500
          timeout: 2s
        phases: {warmup: 3s, baseline: 5s, recovery: 4s, tail: 3s}
        method:
          - {at: 0s, for: 8s, fault: kill, target: store.shard-1.leader}
          - at: 10s
            for: 1m30s
            fault: latency
            delay: 50ms
            target: {between: [app, one of cache]}
        objectives:
          - availability >= 99.9% in baseline
          - "recovery < 2s after each fault"

        """

    static let topology = """
        apiVersion: faultline/v1
        kind: Topology
        name: stack
        entry: balancer
        tiers:
          balancer: {role: balancer, to: app}
          app: {role: app, count: 3, cache: cache, store: store, queue: queue}
          cache:
            exec: [redis-server, "{{files}}/redis.conf"]
            serves: cache
            port: 6379
            environment: {TZ: UTC}
            files: {redis.conf: "port {{port}}"}
            ready: {resp: [PING]}
          store: {role: store, shards: 2, replicas: 3}
          queue: {role: queue}
          worker: {role: worker, count: 2, queue: queue, store: store}

        """

    static func loadTopology(_ text: String) throws -> Topology {
        try read(text, "stack.yaml", .topology) { root, log in
            TopologyReader(log: log).topology(root, source: "stack.yaml", text: text)
        }
    }

    static func load(_ text: String, on topology: String = topology) throws -> ExperimentPlan {
        let topology = try loadTopology(topology)
        return try read(text, "x.yaml", .experiment) { root, log in
            ExperimentReader(log: log).experiment(
                root, source: "x.yaml", text: text, topology: { _ in topology })
        }
    }

    static func loadIncident(_ text: String) throws -> Incident {
        try read(text, "i.yaml", .incident) { root, log in
            IncidentReader(log: log).incident(root, source: "i.yaml")
        }
    }

    private static func read<Value>(
        _ text: String, _ file: String, _ kind: DocumentKind,
        _ body: (YAMLNode, DiagnosticLog) -> Value?
    ) throws -> Value {
        let log = DiagnosticLog()
        let source = SourceText(file: file, text: text)
        let root = YAMLParser.parse(text, as: source, log: log)
        let value = root.flatMap { DocumentKind.expect(kind, $0, log) ? body($0, log) : nil }
        guard log.count == 0, let value else { throw log.failure() }
        return value
    }
}

/// A text with its one occurrence of a part replaced.
func edit(_ text: String, _ part: String, _ replacement: String) throws -> String {
    let pieces = text.split(separator: part, omittingEmptySubsequences: false)
    try #require(pieces.count == 2, "\"\(part)\" must occur once")
    return pieces.joined(separator: replacement)
}

/// The headlines of what a load refuses.
func headlines<Value>(_ body: () throws -> Value) throws -> [String] {
    let error = try #require(throws: InvalidExperiment.self) { _ = try body() }
    return error.diagnostics.map(\.headline)
}
