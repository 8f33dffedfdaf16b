// One tier as a process: `faultline-node <tier> --blueprint=FILE`. It serves until SIGTERM, drains,
// and exits with 0; a second SIGTERM or SIGINT ends it at once. SIGHUP reads the blueprint again, from
// which a balancer takes its backends. `faultline-node store-verify` compares
// the replicas of a shard instead.

import App
import Balancer
import Blueprint
import Cache
import Endpoints
import GeoDNS
import Linux
import Queue
import Reactor
import Store
import Telemetry
import Wire

/// A file with a slip changes nothing.
@ReactorActor
func reload(_ node: any TierServer, _ log: Log) {
    do {
        node.reload(try NodeArguments.parse(CommandLine.arguments).read().settings)
    } catch {
        log.error("the blueprint cannot be read again", ["error": "\(error)"])
    }
}

let status = Reactor.run { () async -> Int32 in
    do {
        if let check = try StoreVerify.parse(CommandLine.arguments) { return await check.run() }
        let signals = try SignalWatch([.terminate, .interrupt, .hangUp])
        try CurrentProcess.raiseDescriptorLimit()
        let blueprint = try NodeArguments.parse(CommandLine.arguments).read()
        let log = Log(blueprint.name)
        let node = try Tier.make(blueprint)
        log.info("listening", ["address": blueprint.listen])
        if let address = blueprint.metrics {
            let metrics = NodeMetrics(blueprint: blueprint, node: node)
            let endpoint = try MetricsEndpoint(address) { await metrics.page() }
            Task { @ReactorActor in await endpoint.run() }
        }
        let serving = Task { @ReactorActor in await node.run() }
        while await signals.next() == .hangUp { reload(node, log) }
        log.info("draining")
        Task { @ReactorActor in
            _ = await signals.next()
            CurrentProcess.exit(1)
        }
        await node.drain()
        await serving.value
        log.info("stopped")
        return 0
    } catch let error as NodeUsageError {
        Output.write("faultline-node: \(error)\n", to: 2)
        return 3
    } catch {
        Output.write("faultline-node: \(error)\n", to: 2)
        return 5
    }
}
CurrentProcess.exit(status)
