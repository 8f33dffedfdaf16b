// What one node of the stack is to be: the plain values that the harness writes into a JSON file
// and that `faultline-node <tier> --blueprint=FILE` reads. The two sides never import each other;
// this file is where they meet, so it holds values alone and no behaviour.

package import Linux

/// Everything that a tier process needs to know before it starts.
package struct NodeBlueprint: Equatable, Sendable {
    /// The node's name in the topology, as `app-2` or `store-1-3`; it labels answers and log lines.
    package var name: String
    /// Where the node serves its clients.
    package var listen: SocketAddress
    /// A folder that belongs to this node alone; empty before its first start, kept over a restart.
    package var dataFolder: String
    /// Seeds every random choice of the node: election timers, jitter, back-off.
    package var seed: UInt64
    /// Where the node shows its metrics over HTTP; nil: nowhere.
    package var metrics: SocketAddress?
    package var log = RequestLogging.trouble
    package var settings: TierSettings

    package init(
        name: String, listen: SocketAddress, dataFolder: String, seed: UInt64,
        metrics: SocketAddress? = nil, settings: TierSettings
    ) {
        self.metrics = metrics
        self.name = name
        self.listen = listen
        self.dataFolder = dataFolder
        self.seed = seed
        self.settings = settings
    }
}

/// The settings of one tier; the case says which tier the process is.
package enum TierSettings: Equatable, Sendable {
    case balancer(BalancerSettings)
    case edge(EdgeSettings)
    case app(AppSettings)
    case cache(CacheSettings)
    case store(StoreSettings)
    case queue(QueueSettings)
    case worker(WorkerSettings)
    case geodns(GeoDNSSettings)

    package var tier: TierKind {
        switch self {
        case .balancer: .balancer
        case .edge: .edge
        case .app: .app
        case .cache: .cache
        case .store: .store
        case .queue: .queue
        case .worker: .worker
        case .geodns: .geodns
        }
    }
}

/// The tiers of the stack, told apart by the protocol that they serve and not by who wrote them.
package enum TierKind: String, CaseIterable, Hashable, Sendable {
    case balancer, edge, app, cache, store, queue, worker, geodns
}

/// A node that another one talks to.
package struct NamedAddress: Hashable, Sendable {
    package var name: String
    package var address: SocketAddress

    package init(name: String, address: SocketAddress) {
        self.name = name
        self.address = address
    }
}
