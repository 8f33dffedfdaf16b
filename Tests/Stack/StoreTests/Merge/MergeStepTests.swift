// The rules of a merge, one entry at a time, and every message that comes late or twice.

import Raft
import Replication
import Testing
import Wire

@testable import Store

struct MergeStepTests {
    /// Shard 0 has users below 100, shard 1 those from there on.
    private struct Pair {
        let folders: [StateFolder]
        let left: KeyValueState
        let right: KeyValueState

        init() throws {
            folders = [try StateFolder(), try StateFolder()]
            left = try Self.open(folders[0], 0, ShardRange(lower: 0, upper: 100))
            right = try Self.open(folders[1], 1, ShardRange(lower: 100, upper: 200))
        }

        static func open(
            _ folder: StateFolder, _ shard: UInt64, _ range: ShardRange
        ) throws -> KeyValueState {
            let state = try KeyValueState(
                folder: folder.path, membership: voters,
                ownership: ShardOwnership(rule: .user, range: range),
                options: .init(mapSize: 16 << 20))
            state.shard = shard
            return state
        }

        func begin() throws -> UInt64 {
            let reply = try left.merge(
                .begin(version: left.ownership.version, right: 1, ownership: right.ownership))
            guard case .integer(let begun) = reply else { throw Unexpected(reply: reply) }
            return UInt64(begun)
        }

        func freeze(_ begun: UInt64) throws -> MergeSeal {
            let reply = try right.merge(
                .freeze(version: right.ownership.version, left: 0, begun: begun))
            guard case .committed(let index) = reply else { throw Unexpected(reply: reply) }
            return MergeSeal(version: right.ownership.version, index: index, absorbed: [])
        }

        func copy(_ begun: UInt64) throws {
            for table in [MergeCursor.Table.data, .sessions] {
                var cursor: MergeCursor? = MergeCursor(table)
                while cursor != nil {
                    let chunk = try right.chunk(at: &cursor)
                    #expect(try left.merge(.take(begun: begun, chunk)) == .ok)
                }
            }
            #expect(try left.merge(.ready(begun: begun)) == .ok)
        }
    }

    private struct Unexpected: Error {
        let reply: StoreReply?
    }

    @Test func `a merge gives keys, versions and requests to one shard`() throws {
        let pair = try Pair()
        try pair.left.apply(.set("{u1}", "a", nil))
        for number in 1...30 { try pair.right.apply(.add("{u100}", 1, id("c", UInt64(number)))) }
        let begun = try pair.begin()
        let seal = try pair.freeze(begun)
        try pair.copy(begun)
        #expect(!pair.left.serves(Array("{u100}".utf8)))
        let end = try pair.left.merge(.end(begun: begun, right: 1, .sealed(seal)))
        #expect(end == .committed(version: pair.left.ownership.version))
        #expect(pair.left.ownership.version > pair.right.ownership.version)
        #expect(pair.left.ownership.range == ShardRange(lower: 0, upper: 200))
        #expect(try pair.left.text("{u1}") == "a")
        #expect(try pair.left.text("{u100}") == "30")
        // A retry is known for one, and a version is never given out again.
        #expect(try pair.left.apply(.add("{u100}", 1, id("c", 30))) == .integer(30))
        let before = try pair.left.versionedValue(of: Array("{u100}".utf8))?.version
        try pair.left.apply(.set("{u100}", "b", nil))
        let after = try pair.left.versionedValue(of: Array("{u100}".utf8))?.version
        #expect(try #require(before) < #require(after))
    }

    @Test func `a frozen shard carries nothing out, and thaws under a newer version`() throws {
        let pair = try Pair()
        try pair.right.apply(.set("{u100}", "a", nil))
        let begun = try pair.begin()
        let seal = try pair.freeze(begun)
        #expect(try pair.right.apply(.set("{u100}", "b", nil)) == .refused(.moved))
        #expect(try pair.right.apply(.openSession) == .refused(.moved))
        #expect(!pair.right.serves(Array("{u100}".utf8)))
        // Of another merge; and too late of this one, to cede or for anything.
        let other = MergeStep.thaw(left: 0, begun: begun + 1)
        #expect(try pair.right.merge(other) == .aborted)
        #expect(pair.right.ties.frozen != nil)
        #expect(try pair.right.merge(.thaw(left: 0, begun: begun)) == .aborted)
        #expect(pair.right.ties.frozen == nil)
        #expect(try pair.right.merge(.cede(left: 0, begun: begun)) == .aborted)
        #expect(try pair.right.merge(.thaw(left: 0, begun: begun)) == .aborted)
        #expect(pair.right.ownership.version == seal.version + 1)
        #expect(try pair.right.apply(.set("{u100}", "b", nil)) == .ok)
    }

    @Test func `a shard that has ceded never thaws, and says so to whoever asks`() throws {
        let pair = try Pair()
        let begun = try pair.begin()
        let seal = try pair.freeze(begun)
        let ceded = StoreReply.committed(version: seal.index)
        #expect(try pair.right.merge(.cede(left: 0, begun: begun)) == ceded)
        #expect(try pair.right.merge(.thaw(left: 0, begun: begun)) == ceded)
        #expect(try pair.right.merge(.cede(left: 0, begun: begun)) == ceded)
        #expect(!pair.right.serves(Array("{u100}".utf8)))
        #expect(try pair.right.apply(.set("{u100}", "b", nil)) == .refused(.moved))
    }

    @Test func `what was ended cannot be sealed any more, and what is sealed stays so`() throws {
        let pair = try Pair()
        let begun = try pair.begin()
        let seal = try pair.freeze(begun)
        #expect(try pair.left.merge(.end(begun: begun, right: 1, .givenUp)) == .aborted)
        #expect(try pair.left.merge(.take(begun: begun, MergeChunk())) == .refused(.moved))
        // So nobody asks the right one to cede any more.
        #expect(try pair.left.merge(.ready(begun: begun)) == .refused(.moved))
        #expect(try pair.left.merge(.end(begun: begun, right: 1, .sealed(seal))) == .aborted)
        #expect(pair.left.ownership.range.upper == 100)
        #expect(try pair.right.merge(.thaw(left: 0, begun: begun)) == .aborted)
        let again = try pair.begin()
        let sealAgain = try pair.freeze(again)
        try pair.copy(again)
        let done = try pair.left.merge(.end(begun: again, right: 1, .sealed(sealAgain)))
        #expect(try pair.left.merge(.end(begun: again, right: 1, .givenUp)) == done)
        #expect(pair.left.ties.absorbed == [1])
    }

    @Test func `one that is ready ends by the other's word alone`() throws {
        let pair = try Pair()
        let begun = try pair.begin()
        #expect(try pair.left.merge(.ready(begun: begun + 1)) == .refused(.moved))
        #expect(try pair.left.merge(.ready(begun: begun)) == .ok)
        let givenUp = MergeStep.end(begun: begun, right: 1, .givenUp)
        #expect(try pair.left.merge(givenUp) == .refused(.moved))
        #expect(pair.left.ties.absorbing != nil)
        #expect(try pair.left.merge(.take(begun: begun, MergeChunk())) == .refused(.moved))
        #expect(try pair.left.merge(.end(begun: begun, right: 1, .thawed)) == .aborted)
        #expect(pair.left.ties.absorbing == nil)
    }

    @Test func `rows that change while a shard is copied are taken again, and gone ones go`()
        throws
    {
        let pair = try Pair()
        for user in 100..<120 { try pair.right.apply(.set("{u\(user)}", "old", nil)) }
        let begun = try pair.begin()
        let changed = ChangedRows(left: 0, begun: begun)
        pair.right.changed = changed
        var cursor: MergeCursor? = MergeCursor()
        while cursor != nil {
            _ = try pair.left.merge(.take(begun: begun, pair.right.chunk(at: &cursor)))
        }
        try pair.right.apply(.set("{u100}", "new", id("c", 1)))
        try pair.right.apply(.set("{u100}", "newer", id("c", 2)))
        try pair.right.apply(.delete("{u101}"))
        try pair.right.apply(.set("{u119}:x", "more", nil))
        let part = try #require(try pair.right.changes(from: 0))
        #expect(part.chunk.rows.count == 2)
        #expect(part.chunk.removed == [Array("{u101}".utf8)])
        #expect(part.chunk.requests.count == 2)
        #expect(part.remaining == 0)
        // Until it is confirmed it is told again.
        #expect(try pair.right.changes(from: 0)?.chunk == part.chunk)
        #expect(try pair.right.changes(from: part.next)?.chunk.isEmpty == true)
        #expect(try pair.right.changes(from: 0) == nil)
        #expect(try pair.right.changes(from: part.next + 1) == nil)
        #expect(try pair.left.merge(.take(begun: begun, part.chunk)) == .ok)
        let seal = try pair.freeze(begun)
        #expect(try pair.left.merge(.ready(begun: begun)) == .ok)
        _ = try pair.left.merge(.end(begun: begun, right: 1, .sealed(seal)))
        #expect(try pair.left.text("{u100}") == "newer")
        #expect(try pair.left.text("{u101}") == nil)
        #expect(try pair.left.text("{u119}:x") == "more")
        #expect(try pair.left.apply(.set("{u100}", "late", id("c", 1))) == .ok)
        #expect(try pair.left.text("{u100}") == "newer")
    }

    @Test func `changes that nobody fetches are given up at a bound`() throws {
        let changed = ChangedRows(left: 0, begun: 1)
        for number in 0...UInt64(ChangedRows.countMax) {
            changed.note(.key([UInt8(truncatingIfNeeded: number)]))
        }
        #expect(changed.isOverflowing)
        #expect(changed.rows.isEmpty)
    }

    @Test func `only free neighbours are merged`() throws {
        let pair = try Pair()
        let far = ShardOwnership(rule: .user, range: ShardRange(lower: 300, upper: 400))
        #expect(
            try pair.left.merge(.begin(version: 1, right: 2, ownership: far)) == .refused(.moved))
        #expect(
            try pair.left.merge(.begin(version: 9, right: 1, ownership: pair.right.ownership))
                == .refused(.moved))
        let begun = try pair.begin()
        #expect(
            try pair.left.merge(.begin(version: 1, right: 1, ownership: pair.right.ownership))
                == .refused(.moved))
        // One that takes another in cannot be taken in itself.
        #expect(try pair.left.merge(.freeze(version: 1, left: 7, begun: 1)) == .refused(.moved))
        _ = try pair.freeze(begun)
        #expect(try pair.right.merge(.fence) == .refused(.moved))
    }

    @Test func `a shard with an unfinished transaction is not frozen, and the fence lets it end`()
        throws
    {
        let pair = try Pair()
        let request = id("c", 1)
        let part = TransactionPart(
            try Transaction(writes: [Write(key: Array("{u100}".utf8), .set([1]))]), places: [])
        let step = TransactionStep.begin(part, home: 1, participants: [5])
        guard
            case .begun(let transaction) = try pair.right.apply(
                StoreCommand(request: request, action: .step(step)))
        else {
            Issue.record("not begun")
            return
        }
        let freeze = MergeStep.freeze(version: 1, left: 0, begun: 1)
        #expect(try pair.right.merge(freeze) == .refused(.moved))
        #expect(try pair.right.merge(.fence) == .ok)
        let other = TransactionPart(
            try Transaction(writes: [Write(key: Array("{u101}".utf8), .set([1]))]), places: [])
        let late = TransactionStep.begin(other, home: 1, participants: [5])
        let refused = try pair.right.apply(
            StoreCommand(request: id("d", 1), action: .step(late)))
        #expect(refused == .refused(.moved))
        let decide = TransactionStep.decide(transaction, .abort(failed: nil))
        #expect(
            try pair.right.apply(StoreCommand(request: nil, action: .step(decide))) == .aborted)
        guard case .committed = try pair.right.merge(freeze) else {
            Issue.record("not frozen")
            return
        }
    }

    @Test func `sessions of two shards never have one name`() throws {
        let pair = try Pair()
        #expect(try pair.left.apply(.openSession) == .session(openedAt: 1))
        #expect(try pair.right.apply(.openSession) == .session(openedAt: 1))
        let names = [0, 1].map { RequestID.sessionName(openedAt: 1, of: $0) }
        #expect(Set(names).count == 2)
        let own = RequestID(client: names[1], sequence: 1)
        try pair.right.apply(.add("{u100}", 1, own))
        let begun = try pair.begin()
        let seal = try pair.freeze(begun)
        try pair.copy(begun)
        _ = try pair.left.merge(.end(begun: begun, right: 1, .sealed(seal)))
        #expect(try pair.left.apply(.add("{u100}", 1, own)) == .integer(1))
        let next = RequestID(client: names[1], sequence: 2)
        #expect(try pair.left.apply(.add("{u100}", 1, next)) == .integer(2))
    }

    @Test func `what a shard is tied to survives the disk`() throws {
        let pair = try Pair()
        let begun = try pair.begin()
        _ = try pair.freeze(begun)
        try pair.right.checkpoint()
        let ties = pair.right.ties
        let copy = try ShardTies(decoding: ties.encoded)
        #expect(copy == ties)
        for length in 0..<ties.encoded.count {
            #expect(throws: ByteReaderError.self) {
                try ShardTies(decoding: Array(ties.encoded.prefix(length)))
            }
        }
        #expect(pair.left.ties.absorbing?.right == 1)
    }

    @Test func `steps are read back as they were written`() throws {
        var chunk = MergeChunk()
        chunk.rows = [.init(key: [1], value: [], version: 300)]
        chunk.removed = [[9]]
        chunk.requests = [KeyValue(key: [2, 3], value: [4])]
        let steps: [MergeStep] = [
            .begin(version: 3, right: 9, ownership: .everything), .take(begun: 7, chunk),
            .end(begun: 7, right: 9, .givenUp), .end(begun: 7, right: 9, .thawed),
            .end(
                begun: 7, right: 9, .sealed(MergeSeal(version: 1, index: 2, absorbed: [3, 4]))),
            .fence, .lift, .freeze(version: 1, left: 2, begun: 3), .thaw(left: 2, begun: 3),
            .ready(begun: 3), .cede(left: 2, begun: 3),
        ]
        for step in steps {
            let command = try StoreCommand(request: nil, action: .merge(step))
            #expect(try StoreCommand(decoding: command.encoded.span) == command)
        }
    }

    @Test func `a walk over a large shard comes in several chunks and misses nothing`() throws {
        let pair = try Pair()
        for user in 100..<140 {
            try pair.right.apply(.set("{u\(user)}", String(repeating: "x", count: 10_000), nil))
        }
        var cursor: MergeCursor? = MergeCursor()
        var keys: [[UInt8]] = []
        var chunkCount = 0
        while let place = cursor {
            #expect(MergeCursor(decoding: place.encoded) == place)
            keys += try pair.right.chunk(at: &cursor).rows.map(\.key)
            chunkCount += 1
        }
        #expect(chunkCount > 3)
        #expect(Set(keys).count == 40)
        #expect(keys.count == 40)
    }
}

extension KeyValueState {
    fileprivate func merge(_ step: MergeStep) throws -> StoreReply? {
        try apply(StoreCommand(request: nil, action: .merge(step)))
    }

    fileprivate func apply(_ action: StoreCommand.Action) throws -> StoreReply? {
        try apply(StoreCommand(request: nil, action: action))
    }
}
