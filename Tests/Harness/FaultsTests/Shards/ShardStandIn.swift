// A store as its operator sees it: nodes that tell of shards and take commands, honest or not. It has
// real sockets and no data, so that each lie can be told alone.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

@testable import Faults

@ReactorActor
final class ShardStandIn {
    enum Lie {
        /// Says that it was done, and does nothing.
        case nothingDone
        case refused
        /// Every node answers for every key.
        case everybodyOwns
        /// Nobody answers for any key.
        case nobodyOwns
        /// What is told has the new range or members, and the old version.
        case oldVersion
    }

    var lie: Lie?
    private(set) var rows: [ShardRow] = []
    private(set) var commands: [[String]] = []
    private(set) var nodes: [NamedAddress] = []
    private var servers: [RESPServer] = []

    /// Nodes `s-1`, `s-2` and so on, and one shard for each group of them, of 100 users.
    init(_ groups: [[Int]]) throws {
        for number in 1...(groups.joined().max() ?? 1) {
            let name = "s-\(number)"
            let server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) {
                [weak self] command in
                self?.answer(command, as: name) ?? .error("ERR gone")
            }
            servers.append(server)
            nodes.append(NamedAddress(name: name, address: server.address))
            Task { @ReactorActor in await server.run() }
        }
        rows = groups.enumerated().map { shard, members in
            let lower = UInt64(shard * 100)
            return ShardRow(
                shard: UInt64(shard), version: 1,
                range: ShardRange(lower: lower, upper: lower + 100),
                members: members.map { nodes[$0 - 1] })
        }
    }

    var desk: ShardDesk { ShardDesk(nodes) }

    private func answer(_ command: RESPCommand, as name: String) -> RESPValue {
        let words = command.words.map { String(decoding: $0, as: UTF8.self) }
        commands.append(words)
        switch (words[0], words.count > 1 ? words[1] : "") {
        case ("SHARD", "ROUTES"): return .array(rows.map { .bulk($0.text) })
        case ("SHARD", "KEY"):
            let place = ShardRule.user.coordinate(of: words[2].utf8.span)
            return .array([.integer(Int64(clamping: place)), .integer(0)])
        case ("SHARD", "SPLIT"), ("SHARD", "MOVE"): return change(words)
        case ("GET", let key): return owns(key, name) ? .null : .error("WRONGSHARD 1 -")
        default: return .error("ERR unknown command")
        }
    }

    private func owns(_ key: String, _ name: String) -> Bool {
        switch lie {
        case .everybodyOwns: return true
        case .nobodyOwns: return false
        case .nothingDone, .refused, .oldVersion, nil: break
        }
        let place = ShardRule.user.coordinate(of: key.utf8.span)
        let row = rows.filter { $0.range.contains(place) }.max { $0.version < $1.version }
        return row?.members.first?.name == name
    }

    private func change(_ words: [String]) -> RESPValue {
        if lie == .refused { return .error("ERR not today") }
        if lie == .nothingDone { return .simple("OK") }
        guard let shard = UInt64(words[2]),
            let place = rows.firstIndex(where: { $0.shard == shard })
        else { return .error("ERR no shard") }
        let step: UInt64 = lie == .oldVersion ? 0 : 1
        rows[place].version += step
        if words[1] == "MOVE" {
            rows[place].members = words[4...].compactMap { name in
                nodes.first { $0.name == name }
            }
            return .simple("OK")
        }
        guard let boundary = UInt64(words[4]) else { return .error("ERR no boundary") }
        var right = rows[place]
        right.shard = 77
        right.range.lower = boundary
        rows[place].range.upper = boundary
        rows.append(right)
        return .integer(77)
    }
}
