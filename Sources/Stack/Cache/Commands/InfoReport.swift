// The text of INFO, with Redis' section and field names, so that redis-cli and monitoring read it, and so that
// the harness probes this cache and a real Redis in the same way.

import Blueprint

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
        case .replication: replication
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
            ("maxmemory_policy", engine.keyspace.policy.rawValue),
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
            ("pubsub_channels", "\(engine.subscriptions.activeChannels(nil).count)"),
            ("pubsub_patterns", "\(engine.subscriptions.patternCount)"),
            // Not in Redis: leases, and a write that no eviction could make room for.
            ("oom_refusals", "\(statistics.refused)"),
            ("leases_granted", "\(engine.keyspace.leases.statistics.granted)"),
            ("lease_waits", "\(engine.keyspace.leases.statistics.waits)"),
            ("lease_sets_refused", "\(engine.keyspace.leases.statistics.refused)"),
            ("leases_voided", "\(engine.keyspace.leases.statistics.voided)"),
            // Not in Redis either: a flush of the whole cache is too large an event to be seen only by its traces.
            ("flushes", "\(statistics.flushes)"),
            ("flushed_keys", "\(statistics.flushed)"),
        ]
    }

    private var replication: [(String, String)] {
        guard let state = engine.replication else {
            return [("role", "master"), ("connected_slaves", "0")]
        }
        var fields = [
            ("role", state.standing.isFollower ? "slave" : "master"),
            ("connected_slaves", "\(state.followers.count)"),
            ("master_repl_offset", "\(state.offset)"),
            ("replication_epoch", "\(state.epoch)"),
        ]
        if case .follower(let leader) = state.standing {
            fields.append(("master_host", leader?.host ?? ""))
            fields.append(("master_port", "\(leader?.port ?? 0)"))
            fields.append(("master_link_status", state.isLinked ? "up" : "down"))
            // Whatever is read of a follower may be older than what its leader would answer.
            fields.append(("stale_reads", "1"))
        } else {
            fields.append(("has_quorum", now < state.quorumUntil ? "1" : "0"))
        }
        for (index, follower) in state.followers.enumerated() {
            fields.append(
                (
                    "slave\(index)",
                    "ip=\(follower.address.host),port=\(follower.address.port),state=online,"
                        + "offset=\(follower.acknowledged)"
                ))
        }
        return fields
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
