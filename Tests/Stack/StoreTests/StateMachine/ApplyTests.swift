// What the plain commands do, and what reads show of it.

import Raft
import Store
import Testing

struct ApplyTests {
    @Test func `a set value is read back and replaced`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.text("k") == nil)
        #expect(try state.apply(.set("k", "1", id("c", 1))) == .ok)
        #expect(try state.text("k") == "1")
        #expect(try state.apply(.set("k", "", id("c", 2))) == .ok)
        #expect(try state.text("k") == "")
        #expect(try state.value(of: []) == nil)
        #expect(try state.value(of: [UInt8](repeating: 1, count: 600)) == nil)
    }

    @Test func `a range is newest first, bounded and kept to its prefix`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let keys = ["{u1}:post:1", "{u1}:post:2", "{u1}:post:9", "{u1}:posu", "{u1}:pos", "{u2}:x"]
        for (place, key) in keys.enumerated() {
            try state.apply(.set(key, "v", id("c", UInt64(place) + 1)))
        }
        let newest = ["{u1}:post:9", "{u1}:post:2", "{u1}:post:1"]
        #expect(try state.keys(prefix: "{u1}:post:") == newest)
        #expect(try state.keys(prefix: "{u1}:post:", limit: 2) == Array(newest.prefix(2)))
        #expect(try state.keys(prefix: "{u1}:post:", limit: 0).isEmpty)
        #expect(try state.keys(prefix: "{u2}") == ["{u2}:x"])
        #expect(try state.keys(prefix: "{u3}").isEmpty)
        #expect(try state.keys(prefix: "a").isEmpty)
        #expect(try state.keys(prefix: "").count == keys.count)
    }

    @Test func `a prefix that ends in the highest byte has an end all the same`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let keys: [[UInt8]] = [[1, 0xFF], [1, 0xFF, 5], [2], [0xFF], [0xFF, 0xFF, 3]]
        for (place, key) in keys.enumerated() {
            let action = StoreCommand.Action.set(key: key, value: [])
            try state.apply(StoreCommand(request: id("c", UInt64(place) + 1), action: action))
        }
        #expect(try state.range(prefix: [1, 0xFF], limit: 9)?.map(\.key) == [keys[1], keys[0]])
        #expect(try state.range(prefix: [0xFF], limit: 9)?.map(\.key) == [keys[4], keys[3]])
        #expect(try state.range(prefix: [0xFF, 0xFF], limit: 9)?.map(\.key) == [keys[4]])
    }

    @Test func `an increment counts from nothing, both ways`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.apply(.add("n", 5, id("c", 1))) == .integer(5))
        #expect(try state.apply(.add("n", -7, id("c", 2))) == .integer(-2))
        #expect(try state.text("n") == "-2")
    }

    @Test(arguments: [
        ("", StoreReply.Refusal.notInteger),
        ("x", .notInteger),
        ("+1", .notInteger),  // one number has one text
        ("01", .notInteger),
        (" 1", .notInteger),
        ("9223372036854775808", .notInteger),  // 2^63
        ("9223372036854775807", .overflow),
    ])
    func `an increment that cannot be is refused and changes nothing`(
        text: String, refusal: StoreReply.Refusal
    ) throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("n", text, id("c", 1)))
        #expect(try state.apply(.add("n", 1, id("c", 2))) == .refused(refusal))
        #expect(try state.text("n") == text)
        #expect(try state.apply(.add("n", 1, id("c", 2))) == .refused(refusal))
    }

    @Test func `once applies both keys or neither`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let first = try StoreCommand.once("idem", "ledger:a", "1", id("w1", 1))
        let second = try StoreCommand.once("idem", "ledger:b", "1", id("w2", 1))
        #expect(try state.apply(first) == .integer(1))
        #expect(try state.apply(second) == .integer(0))
        #expect(try state.keys(prefix: "ledger:") == ["ledger:a"])
        #expect(try state.text("idem") == "1")
    }

    @Test func `entries are counted once and in order`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let add = try StoreCommand.add("n", 1, id("c", 1))
        let more = try StoreCommand.add("n", 1, id("c", 2))
        let batch = [entry(1, nil), entry(2, add), entry(3, nil), entry(4, more, term: 2)]
        #expect(try state.apply(batch) == [nil, .integer(1), nil, .integer(2)])
        #expect(state.applied == LogPosition(index: LogIndex(4), term: Term(2)))
        #expect(try state.apply(batch) == [nil, nil, nil, nil])
        #expect(try state.text("n") == "2")
    }

    @Test func `an entry that is no command is answered and passed over`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let odd = LogEntry(index: LogIndex(1), term: Term(1), payload: .command([200, 1, 2]))
        #expect(try state.apply([odd]) == [.refused(.malformed)])
        #expect(state.applied.index == LogIndex(1))
    }

    /// Batching differs from replica to replica; the state must not.
    @Test func `replicas agree however entries were batched`() throws {
        let entries = try history(count: 400)
        var states: [[KeyValue]] = []
        var replies: [[StoreReply?]] = []
        for batchSize in [1, 7, 400] {
            let folder = try StateFolder()
            let state = try KeyValueState.open(folder, requestCountMax: 5)
            var answers: [StoreReply?] = []
            for start in stride(from: 0, to: entries.count, by: batchSize) {
                let end = min(start + batchSize, entries.count)
                answers += try state.apply(Array(entries[start..<end]))
                if start % 3 == 0 { try state.checkpoint() }
            }
            states.append(try state.everything())
            replies.append(answers)
            #expect(try state.usage().requestCount == 5)
        }
        #expect(states[0] == states[1])
        #expect(states[0] == states[2])
        #expect(replies[0] == replies[1])
        #expect(replies[0] == replies[2])
    }

    /// Commands of nine clients, some of them retries, all from the index alone.
    private func history(count: UInt64) throws -> [LogEntry] {
        try (1...count).map { index in
            let client = id("c\(index % 9)", index / 9 + (index % 5 == 0 ? 1 : 2))
            let key = "k\(index % 13)"
            switch index % 4 {
            case 0: return entry(index, nil)
            case 1: return entry(index, try .set(key, "\(index)", client))
            case 2: return entry(index, try .add("n\(index % 3)", Int64(index), client))
            default: return entry(index, try .once("t\(index % 40)", key, "once", client))
            }
        }
    }
}
