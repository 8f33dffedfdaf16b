// The text of INFO, with Redis' section and field names, so that redis-cli and monitoring read it, and so that
// the harness probes this cache and a real Redis in the same way.

struct InfoReport {
    let engine: CacheEngine
    let now: CacheTime

    private enum Section: String, CaseIterable {
        case server = "Server"
        case clients = "Clients"
        case memory = "Memory"
        case persistence = "Persistence"
        case stats = "Stats"
        case replication = "Replication"
        case commandstats = "Commandstats"
        case keyspace = "Keyspace"
    }

    /// All of the sections, or those that the command's words name.
    func text(sections call: borrowing CommandCall) -> String {
        var wanted: Set<String> = []
        for word in 1..<max(1, call.count) { wanted.insert(call.text(word).lowercased()) }
        let takesAll = wanted.isEmpty || !wanted.isDisjoint(with: ["all", "default", "everything"])
        return Section.allCases
            .filter { takesAll || wanted.contains($0.rawValue.lowercased()) }
            .map { "# \($0.rawValue)\r\n" + fields(of: $0).map { "\($0):\($1)\r\n" }.joined() }
            .joined(separator: "\r\n")
    }

    private func fields(of section: Section) -> [(String, String)] {
        switch section {
        case .server: server
        case .clients: clients
        case .memory: memory
        case .persistence: [("loading", "0"), ("aof_enabled", "0")]
        case .stats: stats
        case .replication: [("role", "master"), ("connected_slaves", "0")]
        case .commandstats: commands
        case .keyspace: keyspace
        }
    }

    private var server: [(String, String)] {
        let uptime = (now.milliseconds - engine.facts.startedAt.milliseconds) / 1000
        return [
            ("redis_version", CacheEngine.compatibleVersion),
            ("redis_mode", "standalone"),
            ("process_id", "\(engine.facts.processID)"),
            ("tcp_port", "\(engine.facts.port)"),
            ("uptime_in_seconds", "\(uptime)"),
            ("uptime_in_days", "\(uptime / 86_400)"),
        ]
    }

    private var clients: [(String, String)] {
        [
            ("connected_clients", "\(engine.facts.connectedClients)"),
            ("maxclients", "\(engine.facts.clientsMax)"),
            ("blocked_clients", "0"),
        ]
    }

    private var memory: [(String, String)] {
        [
            ("used_memory", "\(engine.keyspace.usedMemory)"),
            ("used_memory_peak", "\(engine.keyspace.usedMemoryPeak)"),
            ("maxmemory", "\(engine.keyspace.memoryLimit)"),
            ("maxmemory_policy", "allkeys-lru"),
        ]
    }

    private var stats: [(String, String)] {
        let statistics = engine.keyspace.statistics
        return [
            ("total_connections_received", "\(engine.facts.connectionsReceived)"),
            ("total_commands_processed", "\(engine.calls.reduce(0, +))"),
            ("rejected_connections", "\(engine.facts.connectionsRejected)"),
            ("expired_keys", "\(statistics.expired)"),
            ("evicted_keys", "\(statistics.evicted)"),
            ("keyspace_hits", "\(statistics.hits)"),
            ("keyspace_misses", "\(statistics.misses)"),
            ("total_error_replies", "\(engine.failures.reduce(0, +))"),
            (
                "client_output_buffer_limit_disconnections",
                "\(engine.facts.slowReadersClosed)"
            ),
            // Not in Redis: a flush of the whole cache is too large an event to be seen only by its traces.
            ("flushes", "\(statistics.flushes)"),
            ("flushed_keys", "\(statistics.flushed)"),
        ]
    }

    private var commands: [(String, String)] {
        CacheCommand.allCases.compactMap { command in
            let index = Int(command.rawValue)
            guard command != .unknown, engine.calls[index] > 0 else { return nil }
            return (
                "cmdstat_\(command.name)",
                "calls=\(engine.calls[index]),failed_calls=\(engine.failures[index])"
            )
        }
    }

    private var keyspace: [(String, String)] {
        guard engine.keyspace.count > 0 else { return [] }
        return [
            (
                "db0",
                "keys=\(engine.keyspace.count),expires=\(engine.keyspace.expiringCount),avg_ttl=0"
            )
        ]
    }
}
