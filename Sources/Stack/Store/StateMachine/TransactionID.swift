// The name of a transaction across shards, its part in one shard, and what was decided about it.

import Wire

/// Given by the home shard's log when the transaction begins, so no two ever share it and a late
/// message can never be about another attempt.
package struct TransactionID: Hashable, Sendable {
    /// The shard whose log decides.
    package let home: UInt64
    /// The index of the entry there that began it.
    package let begun: UInt64

    package init(home: UInt64, begun: UInt64) {
        self.home = home
        self.begun = begun
    }

    /// Under which a participant remembers that it prepared; no client may use such names.
    var request: RequestID {
        RequestID(client: Array("\(RequestID.reservedMark)\(home)".utf8), sequence: begun)
    }

    /// Two numbers, big-endian, so that ids sort.
    var bytes: [UInt8] { RequestTable.bigEndian(home) + RequestTable.bigEndian(begun) }

    init?(bytes: [UInt8]) {
        guard bytes.count == 16, let home = RequestTable.number(Array(bytes.prefix(8))),
            let begun = RequestTable.number(Array(bytes.suffix(8)))
        else { return nil }
        self.init(home: home, begun: begun)
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(varint: home)
        writer.write(varint: begun)
    }

    init(decoding reader: inout ByteReader) throws(ByteReaderError) {
        self.init(home: try reader.readVarint(), begun: try reader.readVarint())
    }
}

/// What one shard has to test and to write.
package struct TransactionPart: Hashable, Sendable {
    package let transaction: Transaction
    /// The place of each condition in the client's command, so that every shard names it alike.
    package let places: [Int]

    package init(_ transaction: Transaction, places: [Int]) {
        precondition(places.count == transaction.conditions.count, "each condition has a place")
        self.transaction = transaction
        self.places = places
    }

    func encode(into writer: inout ByteWriter) {
        transaction.encode(into: &writer)
        for place in places { writer.write(count: place) }
    }

    init(decoding reader: inout ByteReader) throws(StoreCommandError) {
        transaction = try Transaction(decoding: &reader)
        var places: [Int] = []
        do throws(ByteReaderError) {
            for _ in transaction.conditions {
                places.append(Int(clamping: try reader.readVarint()))
            }
        } catch {
            throw .malformed(error)
        }
        self.places = places
    }
}

/// What a coordinator asks the home shard to decide; the first to reach its log wins.
package enum Verdict: Hashable, Sendable {
    case commit
    /// With the place of a condition that did not hold, the client's answer for good; without one
    /// the client may try again.
    case abort(failed: Int?)
}
