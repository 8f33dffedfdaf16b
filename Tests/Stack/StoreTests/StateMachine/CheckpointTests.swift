// What survives which crash, and what the limits of the host look like.

import Linux
import Raft
import Store
import Testing

struct CheckpointTests {
    @Test func `a crash falls back to the last checkpoint, whole`() throws {
        let folder = try StateFolder()
        let entries = try (1...20).map { entry($0, try .add("n", 1, id("c", $0))) }
        do {
            let state = try KeyValueState.open(folder)
            _ = try state.apply(Array(entries[..<8]))
            try state.checkpoint()
            #expect(state.checkpointed.index == LogIndex(8))
            _ = try state.apply(Array(entries[8...]))
            #expect(state.checkpointed.index == LogIndex(8))
            #expect(try state.text("n") == "20")
        }
        let state = try KeyValueState.open(folder)
        #expect(state.applied.index == LogIndex(8))
        #expect(try state.text("n") == "8")
        let replies = try state.apply(entries)
        #expect(replies == (1...20).map { $0 <= 8 ? nil : .integer($0) })
    }

    @Test func `a checkpoint can be carried out on another thread`() async throws {
        let folder = try StateFolder()
        let state = try KeyValueState.open(folder)
        #expect(try state.beginCheckpoint() == nil)
        try state.apply(.set("k", "1", id("c", 1)))
        let work = try #require(try state.beginCheckpoint())
        #expect(state.isCheckpointing)
        let outcome = await Task.detached { work.perform() }.value
        try state.finishCheckpoint(outcome)
        #expect(!state.isCheckpointing)
        #expect(state.checkpointed == state.applied)
        #expect(try state.text("k") == "1")
        try state.apply(.set("k", "2", id("c", 2)))
        #expect(try state.text("k") == "2")
    }

    @Test func `the folder belongs to one state at a time`() throws {
        let folder = try StateFolder()
        do {
            let state = try KeyValueState.open(folder)
            #expect(throws: StateError.locked(folder: folder.path)) {
                try KeyValueState.open(folder)
            }
            #expect(state.membership == voters)
        }
        #expect(try KeyValueState.open(folder).applied == .zero)
    }

    @Test func `a full map stops the state and a larger one lets it go on`() throws {
        let folder = try StateFolder()
        let value = String(repeating: "x", count: 20_000)
        let size = 1 << 20
        var next: UInt64 = 1
        do {
            let state = try KeyValueState.open(folder, mapSize: size)
            let error = #expect(throws: StateError.self) {
                while next < 1000 {
                    try state.apply(.set("k\(next)", value, id("c", next)))
                    next += 1
                    if next == 10 { try state.checkpoint() }
                }
            }
            #expect(error == .mapFull(mapSize: size))
            #expect(next > 10)
            #expect(throws: StateError.mapFull(mapSize: size)) { try state.text("k1") }
            #expect(throws: StateError.mapFull(mapSize: size)) { try state.checkpoint() }
        }
        let state = try KeyValueState.open(folder, mapSize: 8 * size)
        #expect(state.applied.index == LogIndex(9))
        for index in 10...next { try state.apply(.set("k\(index)", value, id("c", index))) }
        try state.checkpoint()
        let usage = try state.usage()
        #expect(usage.keyCount == Int(next))
        #expect(usage.byteCount > size)
        #expect(usage.mapSize == 8 * size)
    }

    @Test func `a map that the kernel cannot give is named with its size`() throws {
        let folder = try StateFolder()
        let size = 1 << 50
        #expect(throws: StateError.noMapSpace(mapSize: size)) {
            try KeyValueState.open(folder, mapSize: size)
        }
    }

    @Test func `a file that is no database is refused and left alone`() throws {
        let folder = try StateFolder()
        let junk = [UInt8](repeating: 0x41, count: 20_000)
        try File.save(junk, to: folder.file("state.mdb"))
        #expect(throws: StateError.damaged(path: folder.file("state.mdb"))) {
            try KeyValueState.open(folder)
        }
        #expect(try File.contents(of: folder.file("state.mdb")) == junk)
    }
}
