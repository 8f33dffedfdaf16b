// What a session that was forgotten means for a late retry: it is told so, and does not count again.

import Raft
import Replication
import Store
import Testing

struct SessionTests {
    private func openSession(_ state: KeyValueState) throws -> String {
        let command = try StoreCommand(request: nil, action: .openSession)
        guard case .session(let index) = try state.apply(command) else {
            throw NoSession()
        }
        return "@\(index)"
    }

    private struct NoSession: Error {}

    @Test func `no two sessions have the same name`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let names = try (1...5).map { _ in try openSession(state) }
        #expect(Set(names).count == 5)
    }

    @Test func `a retry under an open session is known, a new request counts`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        let name = try openSession(state)
        #expect(try state.apply(.add("n", 1, id(name, 1))) == .integer(1))
        #expect(try state.apply(.add("n", 1, id(name, 3))) == .integer(2))
        #expect(try state.apply(.add("n", 1, id(name, 2))) == .integer(3))
        #expect(try state.apply(.add("n", 1, id(name, 1))) == .integer(1))
    }

    @Test func `a session that nobody opened is refused`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.apply(.add("n", 1, id("@77", 1))) == .expired)
        #expect(try state.text("n") == nil)
    }

    @Test func `a retry after its session was forgotten by count never counts again`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder, requestCountMax: 3)
        let name = try openSession(state)
        let request = try StoreCommand.add("n", 1, id(name, 1))
        try state.apply(request)
        for number in 1...3 { try state.apply(.add("other", 1, id("c", UInt64(number)))) }
        #expect(try state.apply(request) == .expired)
        #expect(try state.apply(.add("n", 1, id(name, 2))) == .expired)
        #expect(try state.text("n") == "1")
        // An expired request takes no place in the table.
        #expect(try state.apply(.add("other", 1, id("c", 3))) == .integer(3))
        #expect(try state.apply(request) == .expired)
    }

    @Test func `a retry whose place in a live session was forgotten never counts again`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder, requestCountMax: 3)
        for client in [try openSession(state), "free"] {
            for number: UInt64 in [1, 2, 5, 4, 6, 7] {
                try state.apply(.add(client, 1, id(client, number)))
            }
            // 5, 2 and 1 are forgotten. 3 has never been seen, and nobody can tell it from them.
            for number: UInt64 in [1, 2, 3, 5] {
                #expect(try state.apply(.add(client, 1, id(client, number))) == .expired)
            }
            #expect(try state.apply(.add(client, 1, id(client, 4))) == .integer(4))
            #expect(try state.apply(.add(client, 1, id(client, 8))) == .integer(7))
        }
    }

    @Test func `a session is forgotten by age in log positions`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder, requestAgeMax: 10)
        let name = try openSession(state)
        let request = try StoreCommand.add("n", 1, id(name, 1))
        try state.apply(request)  // Index 2.
        let last = state.applied.index.rawValue
        _ = try state.apply((1...9).map { entry(last + $0, nil) })
        try state.apply(.add("other", 1, id("c", 1)))  // Index 12, ten positions later.
        #expect(try state.apply(request) == .integer(1))
        try state.apply(.add("other", 1, id("c", 2)))
        #expect(try state.apply(request) == .expired)
        #expect(state.forgottenCount == 2)
        #expect(try state.text("n") == "1")
    }

    @Test func `a free name that was forgotten whole is taken for a new client`() throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder, requestCountMax: 2)
        try state.apply(.add("n", 1, id("free", 1)))
        for number in 1...2 { try state.apply(.add("other", 1, id("c", UInt64(number)))) }
        #expect(try state.apply(.add("n", 1, id("free", 1))) == .integer(2))
    }

    @Test func `a restart and a snapshot carry what was forgotten`() throws {
        let (first, second) = (try StateFolder(), try StateFolder())
        let snapshot: SnapshotFile
        do {
            let state = try KeyValueState.open(first, requestCountMax: 2)
            for number in 1...4 { try state.apply(.add("n", 1, id("c", UInt64(number)))) }
            snapshot = try state.finishSnapshot(
                state.beginSnapshot(to: first.file("snapshot")).perform())
        }
        let reopened = try KeyValueState.open(first, requestCountMax: 2)
        let other = try KeyValueState.open(second, requestCountMax: 2)
        try other.install(snapshot)
        for state in [reopened, other] {
            #expect(try state.apply(.add("n", 1, id("c", 2))) == .expired)
            #expect(try state.apply(.add("n", 1, id("c", 3))) == .integer(3))
            #expect(try state.apply(.add("n", 1, id("c", 5))) == .integer(5))
        }
    }
}
