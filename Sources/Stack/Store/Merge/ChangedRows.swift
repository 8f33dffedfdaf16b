// Which rows of a shard were written since a copy of it was begun, so that the copy can be brought up to
// date while the shard goes on, and at last, frozen, with the few that are left.
//
// It stands beside the state of one replica and notes what that writes, whoever leads. A copy that is
// begun at one replica is not gone on with at another: they tell themselves apart by a number.

import Linux
import Wire

final class ChangedRows {
    enum Row: Hashable {
        case key([UInt8])
        /// As the table of requests has it.
        case request([UInt8])
    }

    /// The merge that the copy is for.
    let left: UInt64
    let begun: UInt64
    /// Fits an integer of the wire.
    let number = UInt64.random(in: 1...UInt64(Int64.max))
    /// Those that the other side has not confirmed, oldest first, and the place of the first.
    private(set) var rows: [Row] = []
    private(set) var first: UInt64 = 0
    /// More were changed than are kept: the shard is written to faster than it can be copied.
    private(set) var isOverflowing = false
    /// When the other side last asked.
    private(set) var touched = MonotonicTime.now()
    static let countMax = 500_000

    init(left: UInt64, begun: UInt64) {
        self.left = left
        self.begun = begun
    }

    func touch() { touched = .now() }

    func note(_ row: Row) {
        if isOverflowing { return }
        rows.append(row)
        guard rows.count > Self.countMax else { return }
        isOverflowing = true
        rows = []
    }

    /// Forgets what comes before a place; false for a place that was never told.
    func confirm(before place: UInt64) -> Bool {
        guard place >= first, place - first <= rows.count else { return false }
        rows.removeFirst(Int(place - first))
        first = place
        return true
    }
}

/// Rows that were changed, as they are now, and how many there are still.
struct ChangedPart {
    var chunk = MergeChunk()
    /// The place to ask from next; what comes before it is confirmed by that.
    var next: UInt64
    var remaining = 0
}

extension KeyValueState {
    /// Rows looked at in one go.
    private static var changesAtOnce: Int { 1000 }

    /// The oldest changes from a place on; nil when they were not kept.
    func changes(from place: UInt64) throws(StateError) -> ChangedPart? {
        guard let changed, !changed.isOverflowing, changed.confirm(before: place) else {
            return nil
        }
        let transaction = try transaction()
        var part = ChangedPart(next: place)
        var seen: Set<ChangedRows.Row> = []
        var byteCount = 0
        for row in changed.rows.prefix(Self.changesAtOnce) {
            if byteCount >= MergeChunk.byteCountMax { break }
            part.next += 1
            guard seen.insert(row).inserted else { continue }
            byteCount += try add(row, to: &part.chunk, transaction)
        }
        part.remaining = changed.rows.count - Int(part.next - place)
        return part
    }

    /// Adds a row as it is now; gives its size in bytes.
    private func add(
        _ row: ChangedRows.Row, to chunk: inout MergeChunk, _ transaction: LMDBTransaction
    ) throws(StateError) -> Int {
        switch row {
        case .key(let key):
            guard ownership.owns(key) else { return 0 }
            guard let found = try data(transaction).value(of: key) else {
                chunk.removed.append(key)
                return key.count
            }
            chunk.rows.append(.init(key: key, value: found.value, version: found.version))
            return key.count + found.value.count
        case .request(let key):
            guard let reply = try transaction.value(of: key, in: tables.requests) else { return 0 }
            chunk.requests.append(KeyValue(key: key, value: reply))
            return key.count + reply.count
        }
    }
}
