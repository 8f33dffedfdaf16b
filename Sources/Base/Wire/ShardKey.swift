// Which shard owns a key. Every process that routes by key must agree, so the rule lives here once.
//
// Keys of one user carry the user in braces, `{u17}:post:9`, and only the text inside the first
// pair of braces is hashed: all keys of a user share a shard, so one shard can change them together.
// The rule for finding the braces is that of Redis Cluster ("hash tags" in the cluster
// specification); the hash is FNV-1a, 64 bits, for which nothing but two constants is needed.

package enum ShardKey {
    private static let offsetBasis: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x0000_0100_0000_01b3

    /// FNV-1a over the bytes, as published by Fowler, Noll and Vo (draft-eastlake-fnv).
    package static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash = offsetBasis
        for index in bytes.indices {
            hash = (hash ^ UInt64(bytes[index])) &* prime
        }
        return hash
    }

    /// The part of the key that decides its shard.
    ///
    /// Inside the first `{` and the first `}` after it, if there is at least one byte between
    /// them; otherwise the whole key. So `{}x` and `a{b` hash whole, and `{{a}}` hashes `{a`.
    package static func tag(of key: Span<UInt8>) -> Range<Int> {
        guard let opening = index(of: UInt8(ascii: "{"), in: key, from: 0),
            let closing = index(of: UInt8(ascii: "}"), in: key, from: opening + 1),
            closing > opening + 1
        else { return 0..<key.count }
        return opening + 1..<closing
    }

    /// The zero-based shard that owns the key.
    package static func shard(of key: Span<UInt8>, count: Int) -> Int {
        precondition(count > 0, "a store has at least one shard")
        let hash = hash(key.extracting(tag(of: key)))
        return Int(hash % UInt64(count))
    }

    package static func shard(of key: [UInt8], count: Int) -> Int {
        shard(of: key.span, count: count)
    }

    package static func shard(of key: String, count: Int) -> Int {
        shard(of: key.utf8.span, count: count)
    }

    private static func index(of byte: UInt8, in key: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < key.count {
            if key[index] == byte { return index }
            index += 1
        }
        return nil
    }
}
