// What a topology says of our own tiers. Each has a file beside this one with the whole of it: the
// keys that it may have, the tiers that it refers to, its schema, and its settings for a node.

import Blueprint
import Wire

/// One of our own tiers; the names in the specs are tiers of the same file.
package enum BuiltinTier: Sendable, Equatable {
    case balancer(BalancerSpec)
    case edge(EdgeSpec)
    case app(AppSpec)
    case cache(CacheSpec)
    case store(StoreSpec)
    case queue(QueueSpec)
    case worker(WorkerSpec)
    case geodns(GeoDNSSpec)

    var spec: any TierSpecification {
        switch self {
        case .balancer(let spec): spec
        case .edge(let spec): spec
        case .app(let spec): spec
        case .cache(let spec): spec
        case .store(let spec): spec
        case .queue(let spec): spec
        case .worker(let spec): spec
        case .geodns(let spec): spec
        }
    }
}

/// What each tier of ours brings to a topology file.
protocol TierSpecification: Sendable {
    /// The keys beside `role`, the size and the ports.
    static var schema: [(key: String, JSON)] { get }

    /// Those of them that no file may leave out.
    static var needed: [String] { get }

    /// Takes the tier's keys; nil when one that it needs is missing or wrong, which was reported.
    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier?

    /// The tiers that must be there before this one is useful, in the order of the file's keys.
    var references: [String] { get }

    /// Where its nodes are asked whether they are ready, if not where they serve.
    var probePort: UInt16? { get }

    /// What one node is told.
    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings
}

extension TierSpecification {
    /// The tiers that it refers to.
    static var needed: [String] {
        ["to", "cache", "store", "queue"].filter { key in schema.contains { $0.key == key } }
    }

    var references: [String] { [] }
    var probePort: UInt16? { nil }
}

extension TierKind {
    var specification: any TierSpecification.Type {
        switch self {
        case .balancer: BalancerSpec.self
        case .edge: EdgeSpec.self
        case .app: AppSpec.self
        case .cache: CacheSpec.self
        case .store: StoreSpec.self
        case .queue: QueueSpec.self
        case .worker: WorkerSpec.self
        case .geodns: GeoDNSSpec.self
        }
    }
}
