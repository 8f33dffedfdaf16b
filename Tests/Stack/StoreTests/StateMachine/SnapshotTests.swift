// A snapshot holds one moment, whole, however busy the state was; and a wrong one gets nowhere.

import Linux
import Raft
import Replication
import Store
import Testing

struct SnapshotTests {
    @Test func `an installed snapshot takes the place of the state`() throws {
        let (source, target) = (try StateFolder(), try StateFolder())
        let state = try filled(source, count: 50)
        let file = try state.finishSnapshot(
            state.beginSnapshot(to: source.file("snapshot")).perform())
        #expect(file.descriptor.position == state.applied)
        #expect(file.descriptor.membership == voters)
        do {
            let other = try filled(target, count: 3, prefix: "gone")
            try other.install(file)
            #expect(try other.everything() == state.everything())
            #expect(other.applied == state.applied)
            #expect(other.checkpointed == state.applied)
            #expect(try other.keys(prefix: "gone").isEmpty)
            try other.apply(.set("after", "1", id("c", 1000)))
            try other.checkpoint()
        }
        let reopened = try KeyValueState.open(target)
        #expect(reopened.applied.index == state.applied.index.next)
        #expect(try reopened.text("after") == "1")
        #expect(!File.exists(file.path))
    }

    /// The copy runs beside one open write transaction, which must take no page from under it.
    @Test func `changes during the copy are not in it and do not harm it`() async throws {
        let folder = try StateFolder()
        let state = try filled(folder, count: 600)
        for round in 0..<10 {
            let expected = try state.everything()
            let position = state.applied
            let path = folder.file("snapshot-\(round)")
            let work = try state.beginSnapshot(to: path)
            let copy = Task.detached { work.perform() }
            for index in 0..<300 {
                let key = "k\((index * 7 + round) % 600)"
                let value = String(repeating: "\(round)", count: 100 + index)
                try state.apply(
                    .set(key, value, id("c", 10_000 * UInt64(round + 1) + UInt64(index))))
            }
            #expect(try state.beginCheckpoint() == nil, "no commit while the copy is read")
            let file = try state.finishSnapshot(await copy.value)
            try state.checkpoint()
            #expect(state.checkpointed == state.applied)
            let target = try StateFolder()
            let other = try KeyValueState.open(target)
            try other.install(file)
            #expect(other.applied == position)
            #expect(try other.everything() == expected)
        }
    }

    @Test func `a snapshot that is not what was announced changes nothing`() throws {
        let (source, target) = (try StateFolder(), try StateFolder())
        let state = try filled(source, count: 50)
        let path = source.file("snapshot")
        let file = try state.finishSnapshot(state.beginSnapshot(to: path).perform())
        let bytes = try File.contents(of: path)
        let other = try filled(target, count: 3, prefix: "kept")
        let before = try other.everything()

        var damaged = bytes
        damaged[damaged.count / 2] ^= 1
        for wrong in [damaged, Array(bytes.dropLast(4096)), []] {
            try File.save(wrong, to: path)
            #expect(throws: StateError.snapshotMismatch(path: path)) { try other.install(file) }
        }
        try File.save(bytes, to: path)
        var descriptor = file.descriptor
        descriptor.position.index = descriptor.position.index.next
        let mislabelled = SnapshotFile(
            path: path, descriptor: descriptor, byteCount: file.byteCount, checksum: file.checksum)
        #expect(throws: StateError.snapshotMismatch(path: path)) { try other.install(mislabelled) }
        #expect(try other.everything() == before)
        try other.install(file)
        #expect(try other.everything() == state.everything())
    }

    @Test func `a copy that fails leaves the state in order`() throws {
        let folder = try StateFolder()
        let state = try filled(folder, count: 5)
        let work = try state.beginSnapshot(to: folder.file("missing/snapshot"))
        #expect(throws: StateError.self) { try state.finishSnapshot(work.perform()) }
        #expect(!state.isSnapshotting)
        let file = try state.finishSnapshot(
            state.beginSnapshot(to: folder.file("snapshot")).perform())
        #expect(File.exists(file.path))
    }

    private func filled(
        _ folder: StateFolder, count: UInt64, prefix: String = "k"
    ) throws -> KeyValueState {
        let state = try KeyValueState.open(folder)
        for index in 0..<count {
            let value = String(repeating: "v", count: Int(index % 200))
            try state.apply(.set("\(prefix)\(index)", value, id("c", index + 1)))
        }
        return state
    }
}
