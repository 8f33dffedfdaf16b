// A node that is added to a store after its start, and the news that nodes tell each other, of which it
// is a part.
//
// What the blueprint says of the others is theirs alone to know; a newcomer is told of by `SHARD JOIN`
// to any node, and from there by all. Each node keeps those that it has heard of in a file, so that
// members of a shard find each other again after all of them were down at once. A node never becomes
// another one under the same name: its number comes from the name, and its addresses stay.
//
//     news       flag of asking:u8  count:varint  newcomer ...  routes
//     newcomer   name client peer, each as text
//     file       newcomers: the same as a line of words each

import Blueprint
import Linux
import Raft
import Wire

/// Where a node is reached by clients and by the other nodes.
struct NodeAddress: Hashable, Sendable {
    let client: NamedAddress
    let peer: SocketAddress
}

struct Newcomer: Hashable, Sendable {
    let place: NodeAddress

    /// More than anybody adds to the store of one machine; each costs every node a connection.
    static let countMax = 64

    init(_ address: ReplicaAddress) {
        place = NodeAddress(client: address.client, peer: address.peer)
    }

    /// Nil for a name that would not be one word of a table of routes.
    init?(name: String, client: SocketAddress, peer: SocketAddress) {
        let isWord = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "@") }
        guard isWord, (1...64).contains(name.utf8.count) else { return nil }
        place = NodeAddress(client: NamedAddress(name: name, address: client), peer: peer)
    }

    /// The same on every node without anybody handing out numbers; those of the blueprint are below.
    var id: NodeID { NodeID(1 << 48 | ShardKey.hash(place.client.name.utf8.span) >> 16) }

    var words: [String] {
        [place.client.name, "\(place.client.address)", "\(place.peer)"]
    }

    init?(words: [String]) {
        guard words.count == 3, let client = SocketAddress(words[1]),
            let peer = SocketAddress(words[2])
        else { return nil }
        self.init(name: words[0], client: client, peer: peer)
    }
}

/// What a node tells all others now and then, and after each change.
struct StoreNews: Equatable {
    /// It has come up and asks for its share of the replicas.
    var isAsking: Bool
    var newcomers: [Newcomer]
    /// Of the shards that it has a replica of.
    var routes: [ShardRoute]

    init(isAsking: Bool, newcomers: [Newcomer], routes: [ShardRoute]) {
        self.isAsking = isAsking
        self.newcomers = newcomers
        self.routes = routes
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(bool: isAsking)
        writer.write(count: newcomers.count)
        for newcomer in newcomers {
            for word in newcomer.words { writer.write(bytes: Array(word.utf8)) }
        }
        ShardRoutes.encode(routes, into: &writer)
        return writer.finish()
    }

    init(decoding bytes: [UInt8]) throws(ByteReaderError) {
        var reader = ByteReader(bytes.span)
        isAsking = try reader.readBool()
        newcomers = []
        for _ in 0..<(try reader.readCount()) {
            var words: [String] = []
            for _ in 0..<3 { words.append(String(decoding: try reader.readBytes(), as: UTF8.self)) }
            guard let newcomer = Newcomer(words: words) else {
                throw ByteReaderError(reason: .impossibleCount, offset: reader.offset)
            }
            newcomers.append(newcomer)
        }
        routes = try ShardRoutes.decode(from: &reader)
        try reader.expectEnd()
    }
}
