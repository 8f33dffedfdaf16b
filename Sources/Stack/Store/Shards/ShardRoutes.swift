// Where each shard is, as far as this node knows: hints, by which clients are sent on.
//
// There is no table that all have to agree on, and so nothing to lose a quorum of. What a shard owns
// is in its own replicated state, with a version, and is checked there for every command; a wrong
// hint costs a redirect and never a wrong answer. Nodes tell each other of the shards that they
// have a replica of, now and then and after each change, and the newest news of a shard is believed.
//
//     news    count:varint  route ...
//     route   group:varint  ownership  commit:varint  term:varint  flag [leader:varint]
//             count:varint  member:varint ...

import Blueprint
import Endpoints
import Linux
import Raft
import Reactor
import Replication
import Wire

/// One shard as somebody saw it who has a replica of it.
struct ShardRoute: Hashable, Sendable {
    var shard: GroupID
    var ownership: ShardOwnership
    /// How far the group was then; of two pieces of news with the same version this decides.
    var commit: LogIndex
    var term: Term
    var leader: NodeID?
    var members: [NodeID]

    func isNewer(than other: ShardRoute) -> Bool {
        let mine = (ownership.version, term.rawValue, commit.rawValue)
        let theirs = (other.ownership.version, other.term.rawValue, other.commit.rawValue)
        return mine > theirs
    }
}

@ReactorActor
final class ShardRoutes {
    private let own: NodeID
    private let directory: [NodeID: ReplicaAddress]
    private(set) var known: [GroupID: ShardRoute] = [:]
    /// The shards that have a running replica here.
    var open: Set<GroupID> = []

    /// Begins with what the blueprint says of every shard.
    init(_ settings: StoreSettings) {
        own = settings.node
        directory = settings.directory
        for (shard, replicas) in settings.shards.enumerated() {
            note(
                ShardRoute(
                    shard: GroupID(UInt64(shard)), ownership: settings.ownership(of: shard),
                    commit: .zero, term: .zero, leader: nil,
                    members: replicas.map { settings.node($0.id, of: shard) }))
        }
    }

    /// Believes a piece of news, unless a newer one is known.
    func note(_ route: ShardRoute) {
        if let old = known[route.shard], !route.isNewer(than: old) { return }
        known[route.shard] = route
    }

    /// The shard that owns a key, by the newest news.
    func owner(of key: [UInt8]) -> ShardRoute? {
        known.values.filter { $0.ownership.owns(key) }
            .max { $0.ownership.version < $1.ownership.version }
    }

    /// What to tell a client that asks here for a key of another shard.
    func refusal(for key: [UInt8]) -> CommandRefusal {
        guard let route = owner(of: key) else { return .wrongShard(version: 0, nil) }
        if route.members.contains(own) {
            return open.contains(route.shard)
                ? .notLeader(leaderAddress(of: route))
                : .unavailable("shard \(route.shard) is about to start here")
        }
        return .wrongShard(version: route.ownership.version, address(of: route))
    }

    func name(of node: NodeID) -> String { directory[node]?.client.name ?? "\(node)" }

    func node(named name: String) -> NodeID? {
        directory.first { $0.value.client.name == name }?.key
    }

    /// Where clients reach the members of a shard.
    func addresses(of shard: GroupID) -> [NamedAddress] {
        known[shard]?.members.compactMap { directory[$0]?.client } ?? []
    }

    /// What clients route by, the leader of each shard first.
    var rows: [ShardRow] {
        known.values.sorted { $0.shard < $1.shard }.map { route in
            let leader = route.members.filter { $0 == route.leader }
            let others = route.members.filter { $0 != route.leader }
            return ShardRow(
                shard: route.shard.rawValue, version: route.ownership.version,
                range: route.ownership.range,
                members: (leader + others).compactMap { directory[$0]?.client })
        }
    }

    func leaderAddress(of route: ShardRoute) -> SocketAddress? {
        route.leader.flatMap { directory[$0]?.client.address }
    }

    /// The leader's, or a member's, who knows more.
    private func address(of route: ShardRoute) -> SocketAddress? {
        leaderAddress(of: route)
            ?? route.members.lazy.compactMap { self.directory[$0]?.client.address }.first
    }

    // MARK: News

    static func encode(_ routes: [ShardRoute]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(count: routes.count)
        for route in routes {
            writer.write(varint: route.shard.rawValue)
            route.ownership.encode(into: &writer)
            writer.write(varint: route.commit.rawValue)
            writer.write(varint: route.term.rawValue)
            writer.write(bool: route.leader != nil)
            if let leader = route.leader { writer.write(varint: leader.rawValue) }
            writer.write(count: route.members.count)
            for member in route.members { writer.write(varint: member.rawValue) }
        }
        return writer.finish()
    }

    static func decode(_ bytes: [UInt8]) throws(ByteReaderError) -> [ShardRoute] {
        var reader = ByteReader(bytes.span)
        var routes: [ShardRoute] = []
        for _ in 0..<(try reader.readCount()) {
            let shard = GroupID(try reader.readVarint())
            let ownership = try ShardOwnership(from: &reader)
            let commit = LogIndex(try reader.readVarint())
            let term = Term(try reader.readVarint())
            let leader = try reader.readBool() ? NodeID(try reader.readVarint()) : nil
            var members: [NodeID] = []
            for _ in 0..<(try reader.readCount()) {
                members.append(NodeID(try reader.readVarint()))
            }
            routes.append(
                ShardRoute(
                    shard: shard, ownership: ownership, commit: commit, term: term,
                    leader: leader, members: members))
        }
        try reader.expectEnd()
        return routes
    }
}
