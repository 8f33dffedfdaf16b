// A shard's side of a merge, as entries of its log carry it out. What each step means is told in
// MergeStep.swift.

import Raft
import Wire

extension KeyValueState {
    /// Whether the key is this shard's and may be read and written now.
    func serves(_ key: [UInt8]) -> Bool { ties.frozen == nil && ownership.owns(key) }

    /// The index of an entry as versions of keys and names of sessions and transactions count it.
    func logical(_ index: LogIndex) -> UInt64 { index.rawValue + ties.offset }

    /// Whether a merge has to wait until keys that a split left behind are gone: rows that it takes
    /// must not come to lie among older ones.
    func mustClean(before entries: some Collection<LogEntry>) -> Bool {
        straySearch != .over
            && entries.contains { entry in
                guard case .command(let bytes) = entry.payload else { return false }
                return bytes.first == 13 && entry.index > applied.index
            }
    }

    func carryOut(
        _ step: MergeStep, at index: UInt64, _ transaction: LMDBTransaction
    ) throws(StateError) -> StoreReply {
        let before = (ties, ownership)
        let reply: StoreReply
        switch step {
        case .begin(let version, let right, let other):
            reply = begin(version, right, other, at: index)
        case .take(let begun, let chunk): reply = try take(chunk, begun, at: index, transaction)
        case .ready(let begun): reply = ready(begun)
        case .end(let begun, let right, let word): reply = end(begun, right, word, at: index)
        case .fence: reply = fence()
        case .lift:
            ties.isFenced = false
            reply = .ok
        case .freeze(let version, let left, let begun):
            let ledger = ledger(transaction)
            let isBusy = try ledger.preparedCount + ledger.committedCount > 0
            reply = freeze(version, left, begun, at: index, isBusy: isBusy)
        case .thaw(let left, let begun): reply = thaw(left, begun)
        case .cede(let left, let begun): reply = cede(left, begun)
        }
        if before.0 != ties { try tables.put(ties, transaction) }
        if before.1 != ownership { try tables.put(ownership, transaction) }
        return reply
    }

    // MARK: The one that grows

    private func begin(
        _ version: UInt64, _ right: UInt64, _ other: ShardOwnership, at index: UInt64
    ) -> StoreReply {
        guard ties.isFree, ownership.version == version, other.rule == ownership.rule,
            ownership.range.joined(with: other.range) != nil,
            ties.absorbed.count < ShardTies.absorbedMax
        else { return .refused(.moved) }
        ties.absorbing = ShardTies.Absorbing(begun: index, right: right, ownership: other)
        return .integer(Int64(clamping: index))
    }

    private func take(
        _ chunk: MergeChunk, _ begun: UInt64, at index: UInt64, _ transaction: LMDBTransaction
    ) throws(StateError) -> StoreReply {
        guard let absorbing = ties.absorbing, absorbing.begun == begun, !absorbing.isReady else {
            return .refused(.moved)
        }
        let data = data(transaction)
        for key in chunk.removed { try data.delete(key) }
        for row in chunk.rows { try data.put(row.value, for: row.key, version: row.version) }
        forgottenCount += try requests(transaction).adopt(
            chunk.requests, chunk.sessions, at: logical(LogIndex(index)))
        return .ok
    }

    private func ready(_ begun: UInt64) -> StoreReply {
        guard ties.absorbing?.begun == begun else { return .refused(.moved) }
        ties.absorbing?.isReady = true
        return .ok
    }

    private func end(
        _ begun: UInt64, _ right: UInt64, _ word: MergeEnd, at index: UInt64
    ) -> StoreReply {
        if ties.absorbed.contains(right) { return .committed(version: ownership.version) }
        guard let absorbing = ties.absorbing, absorbing.begun == begun, absorbing.right == right
        else { return .aborted }
        // Whether the right one has ceded, only that one knows.
        if word == .givenUp, absorbing.isReady { return .refused(.moved) }
        ties.absorbing = nil
        guard case .sealed(let seal) = word, absorbing.isReady,
            let range = ownership.range.joined(with: absorbing.ownership.range)
        else {
            // What was taken is nobody's now.
            straySearch = .below(nil)
            return .aborted
        }
        ownership.range = range
        ownership.version = max(ownership.version, seal.version) + 1
        ties.offset = max(ties.offset, seal.index - min(seal.index, index))
        // Halves of one shard have taken in the same ones.
        ties.absorbed += ([right] + seal.absorbed).filter { !ties.absorbed.contains($0) }
        return .committed(version: ownership.version)
    }

    // MARK: The one that goes

    private func fence() -> StoreReply {
        guard ties.isFree else { return .refused(.moved) }
        ties.isFenced = true
        return .ok
    }

    private func freeze(
        _ version: UInt64, _ left: UInt64, _ begun: UInt64, at index: UInt64, isBusy: Bool
    ) -> StoreReply {
        if let frozen = ties.frozen, frozen.left == left, frozen.begun == begun {
            return .committed(version: frozen.index)
        }
        guard ties.isFree, !isBusy, !membership.isJoint, ownership.version == version else {
            return .refused(.moved)
        }
        let last = logical(LogIndex(index))
        ties.frozen = ShardTies.Frozen(left: left, begun: begun, index: last)
        ties.isFenced = false
        ownership.version += 1
        return .committed(version: last)
    }

    /// Whatever else it is frozen for, or not at all: of this merge nothing has come, nor can any
    /// more, since its other side has ended it or is about to.
    private func thaw(_ left: UInt64, _ begun: UInt64) -> StoreReply {
        guard let frozen = ties.frozen, frozen.left == left, frozen.begun == begun else {
            return .aborted
        }
        if frozen.isCeded { return .committed(version: frozen.index) }
        ties.frozen = nil
        ownership.version += 1
        return .aborted
    }

    private func cede(_ left: UInt64, _ begun: UInt64) -> StoreReply {
        guard let frozen = ties.frozen, frozen.left == left, frozen.begun == begun else {
            return .aborted
        }
        ties.frozen?.isCeded = true
        return .committed(version: frozen.index)
    }
}
