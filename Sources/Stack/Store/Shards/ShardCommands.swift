// The commands by which people, and experiments, look at shards and change them.
//
//     SHARD STATUS                        a line for each shard that this node knows of
//     SHARD ROUTES                        the same for programs, see ShardTable.swift in Endpoints
//     SHARD SPLIT shard [AT coordinate]   :number of the new shard; without AT in the middle
//     SHARD MERGE shard other             :number of the shard, which has the other's keys now as well
//     SHARD MOVE shard TO node...         +OK once exactly these nodes have it
//     SHARD BALANCE [PLAN]                :number of replicas moved, so that no node has two more than
//                                         another; or a line for each move, and none is made
//     SHARD JOIN name client peer         +OK; the node there, which was started as a newcomer, belongs
//                                         to the store from now on, and is given its share
//     SHARD LEAD shard node               +OK; the leader begins to hand over to that node
//     SHARD KEY key                       the key's coordinate, and the shard that owns it or -1
//
// All but STATUS, ROUTES, KEY, COPY, JOIN and BALANCE go to the shard's leader; another node answers
// -NOTLEADER with its address. A split of another range than the one that was looked at, and a change
// of members on top of another, are refused as -UNAVAILABLE. After -UNKNOWN a move or a merge may be
// asked for again, of whoever leads.

import Blueprint
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Wire

@ReactorActor
struct ShardCommands {
    let server: StoreServer

    /// How long a move may take before it is said that nobody knows.
    static let moveTimeout = Duration.seconds(30)
    /// How long a merge may take, nearly all of it for copying the other shard, which goes on.
    static let mergeTimeout = Duration.seconds(120)

    func answer(_ command: RESPCommand) async -> RESPValue {
        do throws(CommandRefusal) {
            return try await run(command)
        } catch {
            return .error(error.text)
        }
    }

    private func run(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        switch command.text(1)?.uppercased() {
        case "STATUS" where command.count == 2: return .array(status.map { .bulk($0) })
        case "ROUTES" where command.count == 2:
            server.noteOwnShards()
            return .array(server.routes.rows.map { .bulk($0.text) })
        case "KEY":
            guard command.count == 3, let key = command[2] else { throw .arguments("shard") }
            return place(of: key)
        case "SPLIT": return try await split(command)
        case "COPY" where command.count == 3:
            guard let id = command.text(2).flatMap(UInt64.init),
                let replica = server.shards[GroupID(id)]
            else { throw .syntax("no replica of that shard is here") }
            return .integer(replica.state.prepareSplit() ? 1 : 0)
        case "MERGE": return try await merge(command)
        case "MOVE": return try await move(command)
        case "LEAD": return try lead(command)
        case "JOIN" where command.count == 5: return try join(command)
        case "BALANCE" where command.count == 2:
            return .integer(Int64(try await server.balance()))
        case "BALANCE" where command.count == 3 && command.word(2, is: "PLAN"):
            return .array(server.balancePlan.map { .bulk(text(of: $0)) })
        default: throw .arguments("shard")
        }
    }

    // MARK: Looking

    private var status: [String] {
        server.noteOwnShards()
        return server.routes.known.values.sorted { $0.shard < $1.shard }.map { route in
            let names = route.members.map(server.routes.name).joined(separator: ",")
            return [
                "shard=\(route.shard)", "range=\(route.ownership.range)",
                "version=\(route.ownership.version)", "members=\(names)",
                "leader=\(route.leader.map(server.routes.name) ?? "-")",
                "term=\(route.term)", "commit=\(route.commit)",
                "state=\(server.shards[route.shard].map(Self.state) ?? "-")",
                "here=\(server.shards[route.shard].map { StoreCommands.word(for: $0.status.role) } ?? "-")",
            ].joined(separator: " ")
        }
    }

    private func text(of move: BalanceMove) -> String {
        let (from, to) = (server.routes.name(of: move.from), server.routes.name(of: move.to))
        return "shard=\(move.shard) from=\(from) to=\(to)"
    }

    private static func state(of replica: StoreGroup) -> String {
        let ties = replica.state.table.ties
        if ties.frozen != nil { return "frozen" }
        if ties.absorbing != nil { return "growing" }
        return replica.state.splitting == .none ? "whole" : "splitting"
    }

    private func place(of key: [UInt8]) -> RESPValue {
        let rule = server.settings.ownership(of: server.settings.shard).rule
        let owner = server.routes.owner(of: key)
        return .array([
            .integer(Int64(clamping: rule.coordinate(of: key.span))),
            .integer(owner.map { Int64(clamping: $0.shard.rawValue) } ?? -1),
        ])
    }

    // MARK: Changing

    private func split(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let (replica, _) = try leader(of: command)
        guard replica.state.splitting == .none else {
            throw .unavailable("the shard is being split already")
        }
        let ownership = replica.state.table.ownership
        let boundary: UInt64
        switch command.count {
        case 3:
            guard let middle = ownership.range.middle else {
                throw .syntax("the range has no middle; say AT which coordinate")
            }
            boundary = middle
        case 5:
            guard command.word(3, is: "AT"), let at = command.text(4).flatMap(UInt64.init) else {
                throw .arguments("shard")
            }
            boundary = at
        default: throw .arguments("shard")
        }
        guard ownership.range.canSplit(at: boundary) else {
            throw .syntax("\(boundary) is not inside \(ownership.range)")
        }
        let split = ShardSplit(expectedVersion: ownership.version, boundary: boundary)
        return .integer(try await ShardSplitting(server: server, replica: replica).run(split))
    }

    private func merge(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let (replica, id) = try leader(of: command)
        guard command.count == 4, let other = command.text(3).flatMap(UInt64.init) else {
            throw .arguments("shard")
        }
        let right = GroupID(other)
        guard right != id else { throw .syntax("a shard is merged with another one") }
        if !server.routes.isAbsorbed(right) {
            guard replica.state.splitting == .none else {
                throw .unavailable("the shard is being split")
            }
            try await ShardMerge(
                server: server, left: replica, right: right,
                deadline: .now() + Self.mergeTimeout
            ).run()
        }
        return .integer(Int64(clamping: server.routes.heir(of: right).rawValue))
    }

    private func move(_ command: RESPCommand) async throws(CommandRefusal) -> RESPValue {
        let (replica, _) = try leader(of: command)
        // Halves are founded where the whole was. As long as one has no leader, no majority may have
        // founded it yet, and these hosts are the only ones that can.
        guard replica.state.splitting == .none,
            server.shards.values.allSatisfy({ $0.status.leader != nil })
        else { throw .unavailable("a shard here is still being founded") }
        guard command.count > 4, command.word(3, is: "TO") else { throw .arguments("shard") }
        var target: Set<NodeID> = []
        for place in 4..<command.count { target.insert(try node(command.text(place))) }
        let deadline = MonotonicTime.now() + Self.moveTimeout
        server.moving[replica.id, default: 0] += 1
        defer { server.moving[replica.id, default: 1] -= 1 }
        switch await replica.replaceVoters(with: target, deadline: deadline) {
        case .done:
            server.tellShards()
            return .simple("OK")
        case .refused(let refusal): throw server.commands(on: replica).refused(refusal)
        case .unknown: throw .unknown("leadership or time was lost before the move was done")
        }
    }

    /// Told to every node within a round of news; each keeps it on its disk.
    private func join(_ command: RESPCommand) throws(CommandRefusal) -> RESPValue {
        guard let text = command.text(2), let client = command.text(3).flatMap(SocketAddress.init),
            let peer = command.text(4).flatMap(SocketAddress.init),
            let newcomer = Newcomer(name: text, client: client, peer: peer)
        else { throw .syntax("say name, client address and peer address of the node") }
        guard server.takeIn(newcomer) else {
            throw .unavailable("'\(text)' is another node here, or there is no room for more")
        }
        server.tellShards()
        return .simple("OK")
    }

    private func lead(_ command: RESPCommand) throws(CommandRefusal) -> RESPValue {
        let (replica, _) = try leader(of: command)
        guard command.count == 4 else { throw .arguments("shard") }
        let target = try node(command.text(3))
        guard replica.membership.voters.contains(target) else {
            throw .syntax("the shard has no vote there")
        }
        replica.transferLeadership(to: target)
        return .simple("OK")
    }

    /// The replica of the shard that the command names, if it leads.
    private func leader(
        of command: RESPCommand
    ) throws(CommandRefusal) -> (replica: StoreGroup, id: GroupID) {
        guard let number = command.text(2).flatMap(UInt64.init) else { throw .arguments("shard") }
        let id = GroupID(number)
        guard let replica = server.shards[id] else {
            guard let route = server.routes.known[id] else { throw .syntax("no shard \(id)") }
            throw .notLeader(server.routes.leaderAddress(of: route))
        }
        guard replica.isLeader else {
            throw server.commands(on: replica).refused(
                .notLeader(leader: replica.status.leader))
        }
        return (replica, id)
    }

    private func node(_ name: String?) throws(CommandRefusal) -> NodeID {
        guard let name, let node = server.routes.node(named: name) else {
            throw .syntax("no node '\(name ?? "")'")
        }
        return node
    }
}
