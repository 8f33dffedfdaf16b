// Values of EDN, and where a text is none.

import Testing

@testable import Consistency

struct EDNReaderTests {
    private func read(_ text: String) throws -> RecordedValue? {
        var reader = EDNReader(Array(text.utf8))
        return try reader.next()
    }

    @Test func `each kind of value is read`() throws {
        let map = try #require(
            try read("{:process 0, :value [nil true \"a\\\"b\" 1.5 #{7}] ; said\n :f :cas}"))
        #expect(map[field: "process"] == .integer(0))
        #expect(map[field: "f"] == .word("cas"))
        let value: RecordedValue = .list([
            .null, .bool(true), .text("a\"b"), .number(1.5), .set([.integer(7)]),
        ])
        #expect(map[field: "value"] == value)
    }

    @Test func `a tag is read over, and a discarded value is left out`() throws {
        #expect(try read("#jepsen.history.Op{:index 1}") == .map([.word("index"): .integer(1)]))
        #expect(try read("[1 #_ 2 3]") == .list([.integer(1), .integer(3)]))
    }

    @Test(arguments: ["[1 2", "{:a}", "\"never ends", ")", "#"])
    func `what is no value is refused with its place`(text: String) {
        #expect(throws: RecordedHistoryError.self) { try read(text) }
    }

    @Test func `the place of an error counts lines and columns`() throws {
        var reader = EDNReader(Array("{:a 1}\n  }".utf8))
        _ = try reader.next()
        let error = #expect(throws: RecordedHistoryError.self) { try reader.next() }
        #expect(error?.line == 2 && error?.column == 3)
    }

    @Test func `nesting without end is refused`() {
        #expect(throws: RecordedHistoryError.self) {
            try read(String(repeating: "[", count: 100_000))
        }
    }
}
