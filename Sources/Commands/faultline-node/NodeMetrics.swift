// The metrics of a node, whatever its tier: what the process takes of the machine, what the tier
// measures itself, and the numbers of its own status page.
//
// The page is asked for over the node's own socket, as any client would: INFO of the tiers that speak
// RESP, JSON of those that speak HTTP. So a number that a tier shows to people is a metric too, without a
// second list that could fall behind. A tier that does not answer leaves `up` at 0.

import App
import Balancer
import Blueprint
import Cache
import Endpoints
import Linux
import Queue
import Reactor
import Store
import Telemetry
import Wire

@ReactorActor
struct NodeMetrics {
    let blueprint: NodeBlueprint
    let node: any TierServer

    func page() async -> MetricsPage {
        let tier = blueprint.settings.tier
        var page = MetricsPage(labels: ["node": blueprint.name, "tier": tier.rawValue])
        process(&page)
        switch node {
        case let app as AppServer: app.describe(&page)
        case let store as StoreServer: store.describe(&page)
        case let queue as QueueServer: queue.describe(&page)
        case let worker as WorkerServer: worker.describe(&page)
        case let cache as CacheServer: cache.describe(&page)
        case let balancer as BalancerServer: balancer.describe(&page)
        default: break
        }
        let status = await status(of: tier)
        page.gauge("up", "Whether the tier answered for its status.", status == nil ? 0 : 1)
        // Two figures may come to one name, and a page with two samples of one name is refused.
        var seen: Set<String> = []
        for figure in status ?? [] {
            let name = MetricsPage.name(from: "\(tier.rawValue)_status_\(figure.name)")
            guard seen.insert(name).inserted else { continue }
            page.gauge(name, "From the status of the tier.", figure.value)
        }
        return page
    }

    private func process(_ page: inout MetricsPage) {
        guard let usage = ProcessUsage.own else { return }
        page.gauge("process_cpu_seconds", "User and system time.", Double(usage.cpuTicks) / 100)
        page.gauge(
            "process_resident_memory_bytes", "Memory in use.", Double(usage.residentBytes))
    }

    private func status(of tier: TierKind) async -> [StatusFigure]? {
        let deadline = MonotonicTime.now() + .milliseconds(300)
        switch tier.statusPage {
        case .info:
            let client = RESPClient(blueprint.listen)
            defer { client.close() }
            let reply = try? await client.call(["INFO"], deadline: deadline)
            return reply?.text.map(StatusFigure.figures(ofInfo:))
        case .json(let path):
            let client = HTTPClient(blueprint.statusAddress)
            defer { client.close() }
            let request = HTTPRequest("GET", path, host: blueprint.name)
            guard let response = try? await client.send(request, deadline: deadline),
                response.status == 200, let json = response.json
            else { return nil }
            return StatusFigure.figures(of: json)
        }
    }
}

/// Where a tier tells of itself.
private enum StatusPage {
    case info
    case json(path: String)
}

extension TierKind {
    fileprivate var statusPage: StatusPage {
        switch self {
        case .cache, .store, .queue: .info
        case .balancer, .edge, .geodns: .json(path: "/-/status")
        case .app: .json(path: "/health/ready")
        case .worker: .json(path: "/status")
        }
    }
}

extension NodeBlueprint {
    /// Where the status page is: beside the service for a tier that speaks no HTTP itself.
    fileprivate var statusAddress: SocketAddress {
        guard case .geodns(let settings) = settings else { return listen }
        return SocketAddress(ip: listen.ip, port: settings.statusPort)
    }
}
