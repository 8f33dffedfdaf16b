// From a blueprint to the server of its tier.

import App
import Balancer
import Blueprint
import Cache
import Queue
import Reactor
import Store

/// What every tier can do.
@ReactorActor
protocol TierServer: AnyObject {
    func run() async
    func drain() async
}

extension AppServer: TierServer {}
extension BalancerServer: TierServer {}
extension CacheServer: TierServer {}
extension QueueServer: TierServer {}
extension StoreServer: TierServer {}
extension WorkerServer: TierServer {}

enum Tier {
    @ReactorActor
    static func make(_ blueprint: NodeBlueprint) throws -> any TierServer {
        switch blueprint.settings {
        case .balancer(let settings):
            return try BalancerServer(blueprint.listen, settings, seed: blueprint.seed)
        case .app(let settings):
            return try AppServer(
                name: blueprint.name, listen: blueprint.listen, settings: settings,
                seed: blueprint.seed)
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
        }
    }
}

extension CacheServer {
    func drain() async { await drain(within: .seconds(5)) }
}
