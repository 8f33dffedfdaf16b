// A checksum over everything that replicas must agree on, taken by each of them at the same entry.
//
// Every row of every replicated table goes into it, read anew from LMDB's pages: a page that rotted, or
// that somebody edited, shows. Keys that a split left behind do not, since each replica deletes them
// in its own time, and the position has no place in it, since the entry's index is the position.
//
// It is taken while the entry is applied, in one walk (about a second for a GiB of rows), for which the
// replica does nothing else: something to ask for now and then, not all the time.

import Wire

/// What a replica found at one entry.
package struct StateChecksum: Hashable, Sendable {
    package let index: UInt64
    /// CRC-32C of all rows.
    package let sum: UInt32
}

extension KeyValueState {
    func checksum(
        at index: UInt64, _ transaction: LMDBTransaction
    ) throws(StateError) -> StateChecksum {
        var sum = CRC32C()
        try add(tables.data, to: &sum, transaction) { ownership.owns($0) }
        let others = [
            tables.requests, tables.order, tables.sessions, tables.locks, tables.prepared,
            tables.committed,
        ]
        for table in others { try add(table, to: &sum, transaction) { _ in true } }
        return StateChecksum(index: index, sum: sum.value)
    }

    /// Lengths go in, too: two rows are never taken for one, nor an empty table for none.
    private func add(
        _ table: LMDBTable, to sum: inout CRC32C, _ transaction: LMDBTransaction,
        where counts: ([UInt8]) -> Bool
    ) throws(StateError) {
        var rowCount = 0
        var running = sum
        try transaction.descend(table, below: nil) { pair in
            guard counts(pair.key) else { return true }
            rowCount += 1
            var writer = ByteWriter()
            writer.write(bytes: pair.key)
            writer.write(bytes: pair.value)
            running.update(writer.bytes.span)
            return true
        }
        var writer = ByteWriter()
        writer.write(u64: UInt64(rowCount))
        running.update(writer.bytes.span)
        sum = running
    }
}
