// Where each shard is, as far as this node knows: hints, by which clients are sent on.
//
// There is no table that all have to agree on, and so nothing to lose a quorum of. What a shard owns
// is in its own replicated state, with a version, and is checked there for every command; a wrong
// hint costs a redirect and never a wrong answer. Nodes tell each other of the shards that they
// have a replica of, now and then and after each change, and the newest news of a shard is believed.
//
//     routes  count:varint  route ...
//     route   group:varint  ownership  commit:varint  term:varint  flag [leader:varint]
//             count:varint  member:varint ...  count:varint  absorbed:varint ...
//             flag [count:varint  voter:varint ...]

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
    /// Shards that are part of it by now.
    var absorbed: [UInt64] = []
    /// Those of the members that have a vote; nil while they are being changed.
    var voters: [NodeID]?

    func isNewer(than other: ShardRoute) -> Bool {
        let mine = (ownership.version, term.rawValue, commit.rawValue)
        let theirs = (other.ownership.version, other.term.rawValue, other.commit.rawValue)
        return mine > theirs
    }
}

@ReactorActor
final class ShardRoutes {
    private let own: NodeID
    /// Every node of the store: those of the blueprint, and newcomers.
    private var directory: [NodeID: NodeAddress]
    /// Nodes that were added to the store after its start.
    private(set) var newcomers: [Newcomer] = []
    private(set) var known: [GroupID: ShardRoute] = [:]
    /// When each node spoke last.
    private var heard: [NodeID: MonotonicTime] = [:]
    /// Since when each node has been asking for its share of the replicas.
    private var asking: [NodeID: MonotonicTime] = [:]
    /// By shards that are part of another one by now: that one.
    private var heirs: [GroupID: GroupID] = [:]
    /// The shards that have a running replica here.
    var open: Set<GroupID> = []

    /// Begins with what the blueprint says of every shard.
    init(_ settings: StoreSettings) {
        own = settings.node
        directory = settings.directory.mapValues { NodeAddress(client: $0.client, peer: $0.peer) }
        for (shard, replicas) in settings.shards.enumerated() {
            note(
                ShardRoute(
                    shard: GroupID(UInt64(shard)), ownership: settings.ownership(of: shard),
                    commit: .zero, term: .zero, leader: nil,
                    members: replicas.map { settings.node($0.id, of: shard) }))
        }
    }

    /// Takes a node in; false for one that is known, or when there is no room.
    func add(_ newcomer: Newcomer) -> Bool {
        guard directory[newcomer.id] == nil, newcomers.count < Newcomer.countMax else {
            return false
        }
        directory[newcomer.id] = newcomer.place
        newcomers.append(newcomer)
        return true
    }

    /// Believes a piece of news, unless a newer one is known.
    func note(_ route: ShardRoute) {
        if isAbsorbed(route.shard) { return }
        if let old = known[route.shard], !route.isNewer(than: old) { return }
        known[route.shard] = route
        for shard in route.absorbed where heirs[GroupID(shard)] != route.shard {
            heirs[GroupID(shard)] = route.shard
            known[GroupID(shard)] = nil
        }
    }

    func didHear(from node: NodeID, isAsking: Bool) {
        let isNew = !isPresent(node)
        heard[node] = .now()
        if !isAsking {
            asking[node] = nil
        } else if isNew || asking[node] == nil {
            asking[node] = .now()
        }
    }

    /// The nodes that have spoken within the last few rounds of news, and this one.
    var present: [NodeID] { directory.keys.filter(isPresent).sorted() }

    private func isPresent(_ node: NodeID) -> Bool {
        node == own || heard[node].map { .now() - $0 < .seconds(2) } ?? false
    }

    /// The nodes that are there and have been asking for their share for so long.
    func asking(for time: Duration) -> [NodeID] {
        asking.filter { isPresent($0.key) && .now() - $0.value >= time }.keys.sorted()
    }

    /// Who has which shard; nil while the voters of one are being changed.
    var placement: [GroupID: [NodeID]]? {
        var placement: [GroupID: [NodeID]] = [:]
        for (shard, route) in known {
            // What the blueprint says has no voters yet, and is as good.
            guard let voters = route.voters ?? (route.term == .zero ? route.members : nil) else {
                return nil
            }
            placement[shard] = voters
        }
        return placement
    }

    /// Whether a shard is part of another one: that it has ended is for ever.
    func isAbsorbed(_ shard: GroupID) -> Bool { heirs[shard] != nil }

    /// The shard that has what was this one's, or this one itself.
    func heir(of shard: GroupID) -> GroupID {
        var heir = shard
        for _ in 0..<heirs.count {
            guard let next = heirs[heir] else { break }
            heir = next
        }
        return heir
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

    func address(of node: NodeID) -> NodeAddress? { directory[node] }

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

    nonisolated static func encode(_ routes: [ShardRoute]) -> [UInt8] {
        var writer = ByteWriter()
        encode(routes, into: &writer)
        return writer.finish()
    }

    nonisolated static func encode(_ routes: [ShardRoute], into writer: inout ByteWriter) {
        writer.write(count: routes.count)
        for route in routes {
            writer.write(varint: route.shard.rawValue)
            route.ownership.encode(into: &writer)
            writer.write(varint: route.commit.rawValue)
            writer.write(varint: route.term.rawValue)
            writer.write(bool: route.leader != nil)
            if let leader = route.leader { writer.write(varint: leader.rawValue) }
            writer.write(shards: route.members.map(\.rawValue))
            writer.write(shards: route.absorbed)
            writer.write(bool: route.voters != nil)
            if let voters = route.voters { writer.write(shards: voters.map(\.rawValue)) }
        }
    }

    nonisolated static func decode(_ bytes: [UInt8]) throws(ByteReaderError) -> [ShardRoute] {
        var reader = ByteReader(bytes.span)
        let routes = try decode(from: &reader)
        try reader.expectEnd()
        return routes
    }

    nonisolated static func decode(from reader: inout ByteReader) throws(ByteReaderError)
        -> [ShardRoute]
    {
        var routes: [ShardRoute] = []
        for _ in 0..<(try reader.readCount()) {
            let shard = GroupID(try reader.readVarint())
            let ownership = try ShardOwnership(from: &reader)
            let commit = LogIndex(try reader.readVarint())
            let term = Term(try reader.readVarint())
            let leader = try reader.readBool() ? NodeID(try reader.readVarint()) : nil
            let members = try reader.readShards().map { NodeID($0) }
            let absorbed = try reader.readShards()
            let voters = try reader.readBool() ? try reader.readShards().map { NodeID($0) } : nil
            routes.append(
                ShardRoute(
                    shard: shard, ownership: ownership, commit: commit, term: term,
                    leader: leader, members: members, absorbed: absorbed, voters: voters))
        }
        return routes
    }
}
