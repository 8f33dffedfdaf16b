// The name of one request for all of its tries, so that a retry is known for what it is.
//
// There are two kinds of client names. One that starts with `@` was given out by the store itself:
// `@4711` is the session that the entry at index 4711 of shard 0 opened, `@4711.2` that of shard 2,
// and no other entry can ever open it again. Every other name is the client's own invention and opens
// a session by being used. What the difference means for a late retry is written in
// RequestTable.swift.

package struct RequestID: Hashable, Sendable {
    package static let clientCountMax = 128
    /// What the names begin with under which shards do business among themselves.
    static let reservedMark = "%"

    /// Unique for as long as its client lives; 1 to 128 bytes.
    package let client: [UInt8]
    /// Rises by one with each new request; a retry has the number of its first try.
    package let sequence: UInt64

    package init(client: [UInt8], sequence: UInt64) {
        self.client = client
        self.sequence = sequence
    }

    /// The opening of a session, by the index of the entry that opens it.
    static func opening(at index: UInt64, of shard: UInt64) -> RequestID {
        RequestID(client: sessionName(openedAt: index, of: shard), sequence: 0)
    }

    /// Shards may be merged, so the index alone would not do.
    static func sessionName(openedAt index: UInt64, of shard: UInt64) -> [UInt8] {
        Array((shard == 0 ? "@\(index)" : "@\(index).\(shard)").utf8)
    }

    /// Whether no client may use the name.
    var isReserved: Bool { client.starts(with: Self.reservedMark.utf8) }

    /// Whether the store gave the name out.
    var isRegistered: Bool { client.first == UInt8(ascii: "@") }
}
