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

/// What every tier can do.
@ReactorActor
protocol TierServer: AnyObject {
    func run() async
    func drain() async
    /// Takes over what may change while it runs.
    func reload(_ settings: TierSettings)
}

extension TierServer {
    /// Most tiers take their settings once.
    func reload(_ settings: TierSettings) {}
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
        switch blueprint.settings {
        case .balancer(let settings):
            return try BalancerServer(blueprint.listen, settings, seed: blueprint.seed)
        case .edge(let settings):
            return try EdgeServer(
                name: blueprint.name, listen: blueprint.listen, settings: settings)
        case .app(let settings):
            return try AppServer(
                name: blueprint.name, listen: blueprint.listen, dataFolder: blueprint.dataFolder,
                settings: settings, seed: blueprint.seed)
        case .cache(let settings):
            return try CacheServer(
                listen: blueprint.listen, settings: settings, dataFolder: blueprint.dataFolder)
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
