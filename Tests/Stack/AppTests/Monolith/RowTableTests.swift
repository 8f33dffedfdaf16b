// Rows in memory: order, sizes, and the records they are written in.

import Linux
import Testing
import Wire

@testable import App

struct RowTableTests {
    private func table(_ keys: [String]) -> RowTable {
        var table = RowTable()
        for key in keys { table.apply(.put(key: key, value: Array(key.utf8))) }
        return table
    }

    @Test func `rows of a prefix come from the highest down, up to a limit`() {
        let table = table(["{u1}:post:b", "{u1}:post:a", "{u1}:pot", "{u1}:post:c", "{u2}:post:d"])
        let keys = table.range("{u1}:post:", limit: 2).map {
            String(decoding: $0.key, as: UTF8.self)
        }
        #expect(keys == ["{u1}:post:c", "{u1}:post:b"])
        #expect(table.range("{u1}:post:", limit: 9).count == 3)
        #expect(table.range("{u1}:", limit: 9).count == 4)
        #expect(table.range("{u3}:", limit: 9).isEmpty)
        #expect(table.range("{u1}:zz", limit: 9).isEmpty)
        #expect(table.range("{u1}:a", limit: 9).isEmpty)
    }

    @Test func `what is replaced and removed is no longer counted`() {
        var table = table(["{u1}:a", "{u1}:b"])
        let before = table.byteCount
        table.apply(.put(key: "{u1}:c", value: [1, 2, 3]))
        table.apply(.put(key: "{u1}:c", value: [1]))
        #expect(table["{u1}:c"] == [1])
        #expect(table.count == 3)
        table.apply(.remove(key: "{u1}:c"))
        table.apply(.remove(key: "{u1}:c"))
        #expect(table["{u1}:c"] == nil)
        #expect(table.byteCount == before)
        for key in ["{u1}:a", "{u1}:b"] { table.apply(.remove(key: key)) }
        #expect(table.byteCount == 0 && table.count == 0)
    }

    @Test func `a record brings its changes back, and damage is refused`() throws {
        let changes: [RowChange] = [
            .put(key: "{u1}:ä", value: [0, 255]), .remove(key: "x"), .put(key: "", value: []),
        ]
        let bytes = RowRecord.encode(changes)
        let whole = bytes.span
        #expect(try RowRecord.decode(whole) == changes)
        for count in 1..<bytes.count {
            let part = Array(bytes[..<count])
            guard let read = try? RowRecord.decode(part.span) else { continue }
            #expect(read == Array(changes[..<read.count]), "cut between two changes")
        }
        let strange: [UInt8] = [7]
        #expect(throws: ByteReaderError.self) { try RowRecord.decode(strange.span) }
    }

    @Test(arguments: [
        ("{u17}:order:o-9", ShopOrder(user: 17, id: "o-9")), ("{u17}:post:o-9", nil),
        ("{u17}:order", nil), ("{ux}:order:1", nil), ("order:17:1", nil),
    ])
    func `a row of an order is told from others`(key: String, order: ShopOrder?) {
        #expect(ShopOrder(row: key) == order)
        if let order { #expect(order.row == key) }
    }
}
