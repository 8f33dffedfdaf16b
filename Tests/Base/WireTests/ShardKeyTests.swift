// Routing by key: the published FNV vectors, the rule for braces, and an even spread.

import Testing
import Wire

@Suite struct ShardKeyTests {
    @Test(
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] as [(String, UInt64)])
    func `the hash is FNV-1a`(text: String, expected: UInt64) {
        #expect(ShardKey.hash(text.utf8.span) == expected)
    }

    @Test(arguments: [
        ("{u17}:post:9", "u17"),
        ("foo{}{bar}", "foo{}{bar}"),  // nothing between the first pair: whole
        ("foo{{bar}}zap", "{bar"),  // the first } after the first {
        ("foo{bar}{zap}", "bar"),
        ("plain", "plain"),
        ("a{b", "a{b"),
        ("a}b{c", "a}b{c"),
        ("}{x}", "x"),
        ("", ""),
    ])
    func `the tag is found as Redis Cluster finds it`(key: String, expected: String) {
        let bytes = key.bytes
        #expect(Array(bytes[ShardKey.tag(of: bytes.span)]) == expected.bytes)
    }

    @Test func `keys of one user share a shard`() {
        for user in 0..<200 {
            let home = ShardKey.shard(of: "{u\(user)}:profile", count: 7)
            #expect(ShardKey.shard(of: "{u\(user)}:post:\(user * 31)", count: 7) == home)
            #expect(ShardKey.shard(of: "u\(user)", count: 7) == home)
            #expect(ShardKey.shard(of: "{u\(user)}:ledger".bytes, count: 7) == home)
        }
    }

    @Test(arguments: [1, 2, 3, 8])
    func `users spread evenly`(count: Int) {
        var owned = [Int](repeating: 0, count: count)
        for user in 0..<20_000 {
            owned[ShardKey.shard(of: "{u\(user)}:profile", count: count)] += 1
        }
        for users in owned {
            #expect(abs(Double(users) * Double(count) / 20_000 - 1) < 0.05)
        }
    }

    /// The map of a store that holds data must not move when the code does.
    @Test func `known keys stay on their shards`() {
        #expect(
            (0..<8).map { ShardKey.shard(of: "{u\($0)}:x", count: 5) } == [1, 2, 3, 4, 0, 1, 2, 3])
    }
}
