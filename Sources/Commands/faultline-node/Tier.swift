// From a blueprint to the server of its tier.

import App
import Balancer
import Blueprint
import Cache
import Edge
import GeoDNS
import Queue
import Reactor
import Store
import Telemetry

/// What every tier can do.
@ReactorActor
protocol TierServer: AnyObject {
    func run() async
    func drain() async
    /// Takes over what may change while it runs.
    func reload(_ settings: TierSettings)
    /// Tells of every request in the log, with its id.
    func logEveryRequest()
}

extension TierServer {
    /// Most tiers take their settings once.
    func reload(_ settings: TierSettings) {}
    /// A tier without lines of its own for requests.
    func logEveryRequest() {}
}

extension AppServer: TierServer {}
extension BalancerServer: TierServer {
    func reload(_ settings: TierSettings) {
        if case .balancer(let settings) = settings { reload(settings.backends) }
    }
}
extension CacheServer: TierServer {}
extension EdgeServer: TierServer {}
extension GeoDNSServer: TierServer {}
extension QueueServer: TierServer {}
extension StoreServer: TierServer {}
extension WorkerServer: TierServer {}

enum Tier {
    @ReactorActor
    static func make(_ blueprint: NodeBlueprint) throws -> any TierServer {
        let node = try server(blueprint)
        if blueprint.log == .all { node.logEveryRequest() }
        return node
    }

    @ReactorActor
    private static func server(_ blueprint: NodeBlueprint) throws -> any TierServer {
        switch blueprint.settings {
        case .balancer(var settings):
            // What the others have in their logs, a balancer has in its access log.
            if blueprint.log == .all, settings.intake.accessLog == .off {
                settings.intake.accessLog = .json
            }
            return try BalancerServer(blueprint.listen, settings, seed: blueprint.seed)
        case .edge(let settings):
            return try EdgeServer(
                name: blueprint.name, listen: blueprint.listen, settings: settings)
        case .app(let settings):
            return try AppServer(
                name: blueprint.name, listen: blueprint.listen, dataFolder: blueprint.dataFolder,
                settings: settings, seed: blueprint.seed)
        case .cache(let settings):
            let cache = try CacheServer(
                listen: blueprint.listen, settings: settings, dataFolder: blueprint.dataFolder)
            cache.logRequests(to: Log(blueprint.name))
            return cache
        case .store(let settings):
            return try StoreServer(
                name: blueprint.name, listen: blueprint.listen, dataFolder: blueprint.dataFolder,
                settings: settings, seed: blueprint.seed)
        case .queue(let settings):
            return try QueueServer(
                name: blueprint.name, listen: blueprint.listen, dataFolder: blueprint.dataFolder,
                settings: settings, seed: blueprint.seed)
        case .worker(let settings):
            return try WorkerServer(
                name: blueprint.name, listen: blueprint.listen, settings: settings,
                seed: blueprint.seed)
        case .geodns(let settings):
            return try GeoDNSServer(
                name: blueprint.name, listen: blueprint.listen, settings: settings,
                seed: blueprint.seed)
        }
    }
}

extension CacheServer {
    func drain() async { await drain(within: .seconds(5)) }
}
