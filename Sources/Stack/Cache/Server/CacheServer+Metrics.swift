// What a cache measures: commands by name, hits and misses, and what it holds. INFO tells people the same.

import Reactor
package import Telemetry

extension CacheServer {
    /// Adds the cache's figures to a page.
    package func describe(_ page: inout MetricsPage) {
        for command in CacheCommand.allCases where engine.calls[Int(command.rawValue)] > 0 {
            let index = Int(command.rawValue)
            page.counter(
                "cache_commands_total", "Commands, by name.", engine.calls[index],
                ["command": command.name])
            page.counter(
                "cache_failed_commands_total", "Those that were answered with an error, by name.",
                engine.failures[index], ["command": command.name])
        }
        let statistics = engine.keyspace.statistics
        for (result, count) in [("hit", statistics.hits), ("miss", statistics.misses)] {
            page.counter("cache_lookups_total", "Reads of a key.", count, ["result": result])
        }
        for (cause, count) in [("expired", statistics.expired), ("evicted", statistics.evicted)] {
            page.counter(
                "cache_keys_gone_total", "Keys that went by themselves.", count, ["cause": cause])
        }
        page.gauge("cache_memory_bytes", "Memory of the keys.", Double(engine.keyspace.usedMemory))
        page.gauge(
            "cache_memory_limit_bytes", "What they may take; 0: anything.",
            Double(engine.keyspace.memoryLimit))
        page.gauge("cache_clients", "Connections.", Double(engine.facts.connectedClients))
    }
}
