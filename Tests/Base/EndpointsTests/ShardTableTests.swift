// What a client knows of shards, and what it believes. Pure.

import Blueprint
import Endpoints
import Linux
import Testing
import Wire

struct ShardTableTests {
    private func node(_ number: Int) -> NamedAddress {
        NamedAddress(
            name: "n-\(number)",
            address: SocketAddress(ip: IPv4Address(10, 0, 0, UInt8(number)), port: 7000))
    }

    private func row(
        _ shard: UInt64, _ version: UInt64, _ range: Range<UInt64>, _ members: Int...
    ) -> ShardRow {
        ShardRow(
            shard: shard, version: version,
            range: ShardRange(lower: range.lowerBound, upper: range.upperBound),
            members: members.map(node))
    }

    private func owner(_ user: Int, in table: ShardTable) -> UInt64? {
        let key = "{u\(user)}:post:1"
        return table.owner(of: key.utf8.span)?.shard
    }

    private var table: ShardTable {
        ShardTable(
            ShardLayout(.range, usersPerShard: 100), shards: [[node(1)], [node(2)], [node(3)]])
    }

    @Test func `by range, neighbours share a shard, and the last one has the rest`() {
        let cases = [(0, 0), (99, 0), (100, 1), (199, 1), (200, 2), (9_999_999, 2)]
        for (user, shard) in cases { #expect(owner(user, in: table) == UInt64(shard)) }
    }

    @Test(arguments: [1, 2, 5])
    func `by hash, the shard is the one that the hash gives`(_ count: Int) {
        let table = ShardTable(ShardLayout(), shards: (1...count).map { [node($0)] })
        for user in 0..<200 {
            #expect(
                owner(user, in: table)
                    == UInt64(ShardKey.shard(of: "{u\(user)}:post:1", count: count)))
        }
    }

    @Test func `newer rows are believed and older ones are not`() {
        var table = table
        table.note([row(0, 3, 0..<50, 4), row(77, 3, 50..<100, 5)])
        #expect(owner(49, in: table) == 0)
        #expect(owner(50, in: table) == 77)
        table.note([row(0, 2, 0..<100, 1)])
        #expect(owner(50, in: table) == 77)
        #expect(table.rows.first { $0.shard == 0 }?.members == [node(4)])
    }

    @Test func `a shard that was merged into another is forgotten`() {
        var table = table
        table.note([row(0, 9, 0..<200, 1)])
        #expect(table.rows.map(\.shard) == [0, 2])
        #expect(owner(150, in: table) == 0)
        table.note([row(1, 1, 100..<200, 2)])
        #expect(owner(150, in: table) == 0)
    }

    @Test func `a row without nodes helps nobody`() {
        var table = table
        table.note([row(0, 9, 0..<100)])
        #expect(table.rows.first?.version == 1)
    }

    @Test func `rows are read back as they were written`() {
        let rows = [
            row(5, 7, 3..<9, 1, 2), row(1, 1, 0..<1),
            ShardRow(shard: 2, version: 1, range: ShardRange(lower: 7, upper: nil), members: []),
        ]
        for row in rows { #expect(ShardRow(row.text) == row) }
    }

    @Test(arguments: [
        "",  // nothing
        "1 1 0",  // no upper end
        "1 1 9 3 n@10.0.0.1:1",  // ends before it begins
        "1 1 0 x n@10.0.0.1:1",  // neither a number nor open
        "1 1 0 - n",  // a name without an address
        "-1 1 0 -",
    ])
    func `what is no row is not read as one`(_ text: String) {
        #expect(ShardRow(text) == nil)
    }

    @Test func `a range covers what lies in it, itself included`() {
        let whole = ShardRange.whole
        let part = ShardRange(lower: 3, upper: 9)
        #expect(whole.covers(part))
        #expect(!part.covers(whole))
        #expect(part.covers(part))
        #expect(!part.covers(ShardRange(lower: 3, upper: 10)))
        #expect(!part.covers(ShardRange(lower: 2, upper: 9)))
    }
}
