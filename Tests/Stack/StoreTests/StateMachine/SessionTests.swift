// Retries apply once, for as long as the table remembers the client.

import Store
import Testing

struct SessionTests {
    @Test func `a retry gets the first answer and changes nothing`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let request = try StoreCommand.add("n", 1, id("c", 7))
        #expect(try state.apply(request) == .integer(1))
        try state.apply(.add("n", 10, id("other", 1)))
        #expect(try state.apply(request) == .integer(1))
        #expect(try state.text("n") == "11")
    }

    @Test func `a request behind a later one is never applied`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        try state.apply(.set("k", "new", id("c", 8)))
        #expect(try state.apply(.set("k", "old", id("c", 7))) == .refused(.superseded))
        #expect(try state.text("k") == "new")
        #expect(try state.apply(.set("k", "new", id("c", 8))) == .ok)
    }

    @Test func `numbers may be skipped`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.apply(.set("k", "1", id("c", 3))) == .ok)
        #expect(try state.apply(.set("k", "2", id("c", 90))) == .ok)
    }

    @Test func `the client that was silent for longest is let go first`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder, sessionCountMax: 3)
        for client in ["a", "b", "c"] { try state.apply(.add("n", 1, id(client, 1))) }
        try state.apply(.add("n", 1, id("a", 2)))
        #expect(state.sessionEvictionCount == 0)
        try state.apply(.add("n", 1, id("d", 1)))
        #expect(state.sessionEvictionCount == 1)
        #expect(try state.usage().sessionCount == 3)
        #expect(try state.apply(.add("n", 1, id("a", 2))) == .integer(4))
        #expect(try state.apply(.add("n", 1, id("c", 1))) == .integer(3))
        #expect(try state.text("n") == "5")
        #expect(try state.apply(.add("n", 1, id("b", 1))) == .integer(6), "b was forgotten")
    }

    @Test func `sessions are in the state that a restart and a snapshot carry`() throws {
        let (first, second) = (try StateFolder(), try StateFolder())
        let request = try StoreCommand.add("n", 1, id("c", 1))
        let snapshot: SnapshotFile
        do {
            let state = try KeyValueState.open(first)
            try state.apply(request)
            snapshot = try state.finishSnapshot(
                state.beginSnapshot(to: first.file("snapshot")).perform())
        }
        let reopened = try KeyValueState.open(first)
        #expect(try reopened.apply(request) == .integer(1))
        let other = try KeyValueState.open(second)
        try other.install(snapshot)
        #expect(try other.apply(request) == .integer(1))
        #expect(try other.text("n") == "1")
    }
}
