// What a blueprint means for the hosts of the store: their names among each other, where they are
// reached, and what each shard owns in the beginning.

import Blueprint
import Raft
import Replication

extension StoreSettings {
    /// The name of this node among all nodes of the store.
    var node: NodeID { newcomer.map { Newcomer($0).id } ?? node(replica, of: shard) }

    /// A shard has at most 255 replicas in the beginning (AddressPlan), so no two nodes share one.
    func node(_ replica: Int, of shard: Int) -> NodeID { NodeID(UInt64(shard << 8 | replica)) }

    private var everyShard: [(shard: Int, replicas: [ReplicaAddress])] {
        shards.isEmpty ? [(shard, replicas)] : shards.enumerated().map { ($0, $1) }
    }

    /// Every node of the store in the beginning, and this one.
    var directory: [NodeID: ReplicaAddress] {
        var directory: [NodeID: ReplicaAddress] = [:]
        for (shard, replicas) in everyShard {
            for replica in replicas { directory[node(replica.id, of: shard)] = replica }
        }
        if let newcomer { directory[node] = newcomer }
        return directory
    }

    /// The voters that this node's first shard begins with.
    var founders: Membership { Membership(voters: replicas.map { node($0.id, of: shard) }) }

    /// What a shard owns in the beginning.
    func ownership(of shard: Int) -> ShardOwnership {
        ShardOwnership(
            rule: layout.rule(shardCount: shardCount),
            range: layout.range(of: shard, shardCount: shardCount))
    }

    /// What the host of this node is told.
    func place(in dataFolder: String, seed: UInt64) -> HostSettings {
        guard let own = directory[node] else {
            preconditionFailure("replica \(replica) is not among the replicas")
        }
        var place = HostSettings(
            cluster: 0, id: node, listen: own.peer,
            peers: directory.map { HostAddress(id: $0.key, address: $0.value.peer) },
            folder: dataFolder, seed: seed)
        place.heartbeat = heartbeat
        place.electionTimeout = electionTimeout
        if reads == .lease {
            place.readRule = .lease(driftPercentMax: Self.leaseDriftPercentMax)
        }
        return place
    }
}
