// What store and queue both are told of their Raft groups: who belongs to one, and when it may answer.

package import Linux
import Wire

/// One member of a Raft group: a replica of a shard, or a node of the queue.
package struct ReplicaAddress: Equatable, Sendable {
    /// Counted from 1 within the group.
    package var id: Int
    package var client: NamedAddress
    /// Where the other members reach it.
    package var peer: SocketAddress

    package init(id: Int, client: NamedAddress, peer: SocketAddress) {
        self.id = id
        self.client = client
        self.peer = peer
    }
}

extension ReplicaAddress {
    init(json: JSON, at path: String) throws(BlueprintError) {
        let members = try Members(json, at: path)
        try members.allow(["id", "client", "peer"])
        self.init(
            id: try members.integer("id", from: 1),
            client: try NamedAddress(
                json: try members.required("client"), at: members.member("client")),
            peer: try members.address("peer"))
    }

    static func list(_ json: JSON, at path: String) throws(BlueprintError) -> [ReplicaAddress] {
        guard let array = json.array else {
            throw BlueprintError(member: path, problem: .notA("an array"))
        }
        var replicas: [ReplicaAddress] = []
        for (index, element) in array.enumerated() {
            replicas.append(try ReplicaAddress(json: element, at: "\(path)[\(index)]"))
        }
        return replicas
    }

    var json: JSON {
        ["id": id.json, "client": client.json, "peer": .string("\(peer)")]
    }
}

/// When a group answers whoever changes something.
package enum ReplicaAcknowledgement: String, CaseIterable, Sendable {
    /// Once a majority has it on disk.
    case majority
    /// Once the leader alone has it: a planted bug that `lost_writes` must catch.
    case leader
}
