// The routing table of a store's client: which shard has which range of the line of keys, and the
// nodes that have it. Every row has the version of the shard's ownership, and the newest is believed;
// a wrong row costs a redirect, never a wrong answer, because shards check every key themselves.
//
// Versions grow along every key: halves of a split and the whole of a merge come after what they came
// from. So where rows overlap, the one with the highest version is right.
//
//     a row in an answer to SHARD ROUTES:    shard version lower upper|- name@host:port...
//
// The leader, where one is known, is the first of the nodes.

package import Blueprint
import Linux
package import Wire

/// One shard as a client knows it.
package struct ShardRow: Hashable, Sendable {
    package var shard: UInt64
    package var version: UInt64
    package var range: ShardRange
    package var members: [NamedAddress]

    package init(
        shard: UInt64, version: UInt64, range: ShardRange, members: [NamedAddress]
    ) {
        self.shard = shard
        self.version = version
        self.range = range
        self.members = members
    }

    package var text: String {
        let places = members.map { "\($0.name)@\($0.address)" }
        let upper = range.upper.map { "\($0)" } ?? "-"
        return (["\(shard)", "\(version)", "\(range.lower)", upper] + places)
            .joined(separator: " ")
    }

    /// Nil for a text that is no row.
    package init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 4, let shard = UInt64(words[0]), let version = UInt64(words[1]),
            let lower = UInt64(words[2])
        else { return nil }
        let upper = UInt64(words[3])
        guard words[3] == "-" || upper.map({ lower < $0 }) == true else { return nil }
        var members: [NamedAddress] = []
        for word in words[4...] {
            let parts = word.split(separator: "@", maxSplits: 1).map(String.init)
            guard parts.count == 2, let address = SocketAddress(parts[1]) else { return nil }
            members.append(NamedAddress(name: parts[0], address: address))
        }
        self.init(
            shard: shard, version: version, range: ShardRange(lower: lower, upper: upper),
            members: members)
    }
}

package struct ShardTable: Equatable, Sendable {
    package let rule: ShardRule
    package private(set) var rows: [ShardRow]
    /// More shards than any store here has; an answer with more is not believed.
    package static let rowsMax = 4096

    /// What a store begins with.
    package init(_ layout: ShardLayout, shards: [[NamedAddress]]) {
        precondition(!shards.isEmpty, "a store has at least one shard")
        rule = layout.rule(shardCount: shards.count)
        rows = shards.enumerated().map { shard, members in
            ShardRow(
                shard: UInt64(shard), version: 1,
                range: layout.range(of: shard, shardCount: shards.count), members: members)
        }
    }

    /// The row to try for a key, by the newest of those that have it.
    package func owner(of key: Span<UInt8>) -> ShardRow? {
        let coordinate = rule.coordinate(of: key)
        return rows.filter { $0.range.contains(coordinate) }.max { $0.version < $1.version }
    }

    /// Believes rows that are newer than what is known of their shards, and drops those that newer
    /// ones cover: a shard that was merged into another is no more.
    package mutating func note(_ news: [ShardRow]) {
        for row in news where !row.members.isEmpty {
            if let place = rows.firstIndex(where: { $0.shard == row.shard }) {
                if rows[place].version <= row.version { rows[place] = row }
            } else if rows.count < Self.rowsMax {
                rows.append(row)
            }
        }
        let all = rows
        rows.removeAll { row in
            all.contains { $0.version > row.version && $0.range.covers(row.range) }
        }
    }
}
