// Retries apply once, for as long as the table remembers the request.

import Replication
import Store
import Testing

struct RequestTests {
    @Test func `a retry gets the first answer and changes nothing`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let request = try StoreCommand.add("n", 1, id("c", 7))
        #expect(try state.apply(request) == .integer(1))
        try state.apply(.add("n", 10, id("other", 1)))
        #expect(try state.apply(request) == .integer(1))
        #expect(try state.text("n") == "11")
    }

    @Test func `requests of one client are told apart in whichever order they come`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.apply(.add("n", 1, id("c", 90))) == .integer(1))
        #expect(try state.apply(.add("n", 1, id("c", 3))) == .integer(2))
        #expect(try state.apply(.add("n", 1, id("c", 7))) == .integer(3))
        #expect(try state.apply(.add("n", 1, id("c", 90))) == .integer(1))
        #expect(try state.apply(.add("n", 1, id("c", 3))) == .integer(2))
        #expect(try state.text("n") == "3")
    }

    @Test func `clients whose names and numbers run together are told apart`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.apply(.add("n", 1, id("c", 0))) == .integer(1))
        let longer = String(repeating: "\0", count: 8)
        #expect(try state.apply(.add("n", 1, id("c" + longer, 0))) == .integer(2))
    }

    @Test func `the request that was applied first is forgotten first`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder, requestCountMax: 3)
        for client in ["a", "b", "c"] { try state.apply(.add("n", 1, id(client, 1))) }
        #expect(try state.apply(.add("n", 1, id("a", 1))) == .integer(1))
        #expect(state.forgottenCount == 0)
        try state.apply(.add("n", 1, id("d", 1)))
        #expect(state.forgottenCount == 1)
        #expect(try state.usage().requestCount == 3)
        #expect(try state.apply(.add("n", 1, id("b", 1))) == .integer(2))
        #expect(try state.apply(.add("n", 1, id("c", 1))) == .integer(3))
        #expect(try state.text("n") == "4")
        #expect(try state.apply(.add("n", 1, id("a", 1))) == .integer(5), "a was forgotten")
    }

    @Test func `requests are in the state that a restart and a snapshot carry`() throws {
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
