// A checksum over everything that replicas must agree on, taken by each of them as of the same entry.
//
// Every row of every replicated table goes into it, read anew from LMDB's pages: a page that rotted, or
// that somebody edited, shows. Keys that a split left behind do not, since each replica deletes them
// in its own time, and the position has no place in it, since the entry's index is the position.
//
// A walk over a GiB of rows takes about a second, for which no loop may stand still: heartbeats would
// stop, and with them the leadership. So the entry is where the state is checkpointed, and what is
// walked over is that checkpoint, by a helper thread, in a read transaction of its own. The state goes
// on meanwhile; only its next checkpoint has to wait, as while a snapshot is copied.

import Raft
import Wire

/// What a replica found at one entry.
package struct StateChecksum: Hashable, Sendable {
    package let index: UInt64
    /// CRC-32C of all rows.
    package let sum: UInt32
}

/// The work of one checksum, to be carried out once on any thread.
struct ChecksumWork: Sendable {
    let environment: LMDBEnvironment
    let tables: StateTables
    let ownership: ShardOwnership
    let index: UInt64

    /// Reads every row of the last checkpoint; blocks for as long as that takes.
    func perform() -> Result<StateChecksum, StateError> {
        Result { () throws(StateError) in
            let transaction = try environment.begin(isReadOnly: true)
            defer { transaction.abort() }
            return StateChecksum(index: index, sum: try sum(transaction))
        }
    }

    func sum(_ transaction: LMDBTransaction) throws(StateError) -> UInt32 {
        var sum = CRC32C()
        try add(tables.data, to: &sum, transaction) { ownership.owns($0) }
        let others = [
            tables.requests, tables.order, tables.sessions, tables.locks, tables.prepared,
            tables.committed,
        ]
        for table in others { try add(table, to: &sum, transaction) { _ in true } }
        return sum.value
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

extension KeyValueState {
    /// Starts a checksum of everything applied, all of which has to be checkpointed.
    ///
    /// The state can be read and changed while it is taken; checkpoints wait for its end.
    func beginChecksum() -> ChecksumWork {
        precondition(snapshot == nil, "the last checkpoint has one reader at a time")
        precondition(applied == checkpointed, "a checksum is of a checkpoint")
        snapshot = SnapshotDescriptor(position: checkpointed, membership: membership)
        return ChecksumWork(
            environment: environment, tables: tables, ownership: ownership,
            index: checkpointed.index.rawValue)
    }

    func finishChecksum(_ result: Result<StateChecksum, StateError>) {
        precondition(snapshot != nil, "no checksum is under way")
        snapshot = nil
        lastChecksum = result
    }
}
