// A search that dies has its seed told all the same.

import Linux
import Raft
import RaftSimulator
import Testing

@testable import faultline_sim

struct SeedNoteTests {
    private let path =
        "/tmp/faultline-sim-note-\(CurrentProcess.id)-\(MonotonicTime.now().nanoseconds)"

    /// A shell in the search's place; its last argument is the note.
    private func watch(_ script: String) -> WatchedSearch {
        WatchedSearch(command: ["/bin/sh", "-c", script, "search"], note: path)
    }

    @Test func `a note holds the seed in work, whatever was there before`() throws {
        defer { try? File.remove(path) }
        let note = try SeedNote(path)
        note.write(.max, .votesTwice)
        #expect(SeedNote.read(path)?.seed == .max)
        #expect(SeedNote.read(path)?.bug == .votesTwice)
        note.write(7, nil)
        #expect(SeedNote.read(path)?.seed == 7)
        #expect(SeedNote.read(path)?.bug == nil)
        #expect(SeedNote.read(path + ".none") == nil)
    }

    @Test func `a search that ends by itself keeps its status`() throws {
        #expect(try watch("exit 0").perform(duration: .seconds(1)) == 0)
        #expect(try watch("exit 3").perform(duration: .seconds(1)) == 3)
    }

    @Test func `a search that a signal ended has its seed told`() throws {
        defer { try? File.remove(path) }
        #expect(try watch("kill -ILL $$").perform(duration: .seconds(1)) == 1)
        try SeedNote(path).write(17, .votesTwice)
        let text = WatchedSearch.account(
            of: .killed(.kill), note: path, duration: .seconds(5))
        #expect(text.hasPrefix("seed 17 traps: "))
        #expect(text.contains("faultline-sim --replay=17 --duration=5000ms --bug=votes-twice"))
        let early = WatchedSearch.account(
            of: .killed(.kill), note: path + ".none", duration: .seconds(5))
        #expect(early.hasPrefix("the search ended before its first seed"))
    }
}
