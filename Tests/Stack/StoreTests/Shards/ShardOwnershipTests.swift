// Keys on a line, and who owns which part of it. Pure.

import Blueprint
import Linux
import Raft
import Reactor
import Replication
import Testing
import Wire

@testable import Store

struct ShardOwnershipTests {
    private func settings(_ shards: Int, _ sharding: StoreSharding) -> StoreSettings {
        var settings = StoreSettings(shard: 0, shardCount: shards, replica: 1, replicas: [])
        settings.layout = ShardLayout(sharding, usersPerShard: 100)
        return settings
    }

    @Test(arguments: [1, 2, 3, 7])
    func `by hash, a key begins in the shard that clients compute`(_ shards: Int) {
        let settings = settings(shards, .hash)
        for user in 0..<500 {
            let key = bytes("{u\(user)}:post:\(user)")
            let owners = (0..<shards).filter { settings.ownership(of: $0).owns(key) }
            #expect(owners == [ShardKey.shard(of: key, count: shards)])
        }
    }

    @Test func `by range, neighbours share a shard, and the last one has the rest`() {
        let settings = settings(3, .range)
        let cases = [(0, 0), (99, 0), (100, 1), (199, 1), (200, 2), (1_000_000, 2)]
        for (user, shard) in cases {
            let key = bytes("{u\(user)}:profile")
            let owners = (0..<3).filter { settings.ownership(of: $0).owns(key) }
            #expect(owners == [shard], "user \(user)")
        }
        #expect(settings.ownership(of: 0).owns(bytes("{nobody}:x")))
        #expect(settings.ownership(of: 2).owns(bytes("{u99999999999999999999999}")))
    }

    @Test func `all keys of a user have one coordinate`() {
        for rule in [ShardRule.hash(shards: 3), .user] {
            let one = rule.coordinate(of: bytes("{u17}:profile").span)
            #expect(one == rule.coordinate(of: bytes("{u17}:post:4").span))
            #expect(one != rule.coordinate(of: bytes("{u18}:profile").span))
        }
        #expect(ShardRule.user.coordinate(of: bytes("{u17}:post:4").span) == 17)
    }

    @Test func `the halves of a split share nothing and lose nothing`() {
        let whole = ShardOwnership(
            rule: .user, range: ShardRange(lower: 10, upper: 20), version: 4)
        let (left, right) = whole.split(at: 13)
        for user in 0..<30 {
            let key = bytes("{u\(user)}")
            let owners = [left, right].count { $0.owns(key) }
            #expect(owners == (whole.owns(key) ? 1 : 0), "user \(user)")
        }
        #expect(left.version == 5)
        #expect(right.version == 5)
        #expect(!left.range.overlaps(right.range))
        #expect(whole.range.overlaps(left.range))
    }

    @Test func `a boundary has something on both sides`() {
        let range = ShardRange(lower: 10, upper: 12)
        #expect(range.canSplit(at: 11))
        #expect(!range.canSplit(at: 10))
        #expect(!range.canSplit(at: 12))
        #expect(range.middle == 11)
        #expect(ShardRange(lower: 10, upper: 11).middle == nil)
        #expect(ShardRange.whole.middle == nil)
        #expect(ShardRange.whole.canSplit(at: .max))
    }

    @Test func `ownership is read back as it was written, and not from less`() throws {
        let cases = [
            ShardOwnership.everything,
            ShardOwnership(rule: .user, range: ShardRange(lower: 7, upper: 9), version: 300),
        ]
        for ownership in cases {
            let encoded = ownership.encoded
            #expect(try ShardOwnership(decoding: encoded) == ownership)
            for length in 0..<encoded.count {
                #expect(throws: ByteReaderError.self) {
                    try ShardOwnership(decoding: Array(encoded.prefix(length)))
                }
            }
        }
        var empty = cases[1].encoded
        empty[2] = 200  // The lower end above the upper one.
        #expect(throws: ByteReaderError.self) { try ShardOwnership(decoding: empty) }
    }

    @Test func `the newest news of a shard is believed`() async throws {
        try await checkNews()
    }

    @ReactorActor
    private func checkNews() throws {
        let routes = ShardRoutes(settings(1, .hash))
        var route = ShardRoute(
            shard: GroupID(1), ownership: .everything, commit: LogIndex(9), term: Term(2),
            leader: NodeID(1), members: [NodeID(1), NodeID(2)])
        let copy = try ShardRoutes.decode(ShardRoutes.encode([route]))
        #expect(copy == [route])
        routes.note(route)
        route.commit = LogIndex(8)
        route.leader = NodeID(2)
        routes.note(route)
        #expect(routes.known[GroupID(1)]?.leader == NodeID(1))
        route.ownership.version += 1
        routes.note(route)
        #expect(routes.known[GroupID(1)]?.leader == NodeID(2))
        #expect(throws: ByteReaderError.self) { try ShardRoutes.decode([1, 2]) }
    }
}
