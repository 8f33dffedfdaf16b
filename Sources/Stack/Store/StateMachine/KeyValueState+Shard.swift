// The shard's side of the state: what it owns, the split that it is in the middle of, and the keys that
// a split left behind.
//
// A half begins with a copy of the whole. Keys of the other half cannot be seen, since ownership is
// checked before every read and write, and are deleted a few at a time.

import Linux
import Raft
import Wire

/// The search for keys that a split left behind, from the highest downwards.
enum StraySearch: Equatable {
    /// Nil: from the very top.
    case below([UInt8]?)
    case over

    /// A shard that was never split has none.
    init(in ownership: ShardOwnership) {
        self = ownership.version > 1 ? .below(nil) : .over
    }
}

extension KeyValueState {
    /// Applies a split: the position, the narrower range and the pending right half, in one
    /// transaction. Nil when the shard is not what the split was meant for.
    ///
    /// Nil also while a transaction across shards is unfinished here: its locks and promises are
    /// this shard's, and a half could not keep them. They end within seconds; the split waits.
    ///
    /// `founds` says whether this host is to have a replica of the right half.
    func apply(
        _ split: ShardSplit, _ entry: LogEntry, shard: UInt64, founds: Bool
    ) throws(StateError) -> PendingSplit? {
        precondition(entry.index == applied.index.next, "entries are applied in order")
        let transaction = try transaction()
        var pending: PendingSplit?
        do throws(StateError) {
            let ledger = ledger(transaction)
            let isBusy = try ledger.preparedCount + ledger.committedCount > 0
            if !isBusy, ownership.version == split.expectedVersion,
                ownership.range.canSplit(at: split.boundary), !membership.isJoint
            {
                let halves = ownership.split(at: split.boundary)
                pending = PendingSplit(
                    child: PendingSplit.child(of: shard, at: entry.index), ownership: halves.right)
                try tables.put(halves.left, transaction)
                try tables.put(founds ? pending : nil, transaction)
                ownership = halves.left
                pendingSplit = founds ? pending : nil
                straySearch = .below(nil)
            }
            try tables.put(entry.position, transaction)
        } catch {
            fail(error)
            throw error
        }
        applied = entry.position
        return pending
    }

    /// The right half has its group, durably.
    func clearSplit() throws(StateError) {
        try tables.put(PendingSplit?.none, transaction())
        pendingSplit = nil
    }

    /// Turns a copy of the parent's state into the state that the right half begins with.
    static func become(
        _ ownership: ShardOwnership, path: String, mapSize: Int
    ) throws(StateError) {
        let environment = try LMDBEnvironment(path: path, mapSize: mapSize)
        let transaction = try environment.begin()
        let tables = try StateTables(transaction, creating: false)
        try tables.put(ownership, transaction)
        try tables.put(PendingSplit?.none, transaction)
        try transaction.commit()
    }

    /// Deletes a few keys that are not the shard's; nothing once there are none.
    func deleteStrays() throws(StateError) {
        guard case .below(let cursor) = straySearch else { return }
        let transaction = try transaction()
        var seen: [UInt8]?
        var strays: [[UInt8]] = []
        var count = 0
        try transaction.descend(tables.data, below: cursor) { pair in
            seen = pair.key
            if !ownership.owns(pair.key) { strays.append(pair.key) }
            count += 1
            return count < Self.straysLookedAtMax
        }
        for key in strays { _ = try transaction.delete(key, in: tables.data) }
        straySearch = count < Self.straysLookedAtMax ? .over : .below(seen)
    }

    /// Keys looked at in one go: well under a millisecond.
    private static var straysLookedAtMax: Int { 200 }
}
