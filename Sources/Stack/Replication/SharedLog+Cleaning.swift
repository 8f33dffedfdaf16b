// Giving the shared log's room back.
//
// The journal can drop its oldest segments only, and one idle group's vote in there would pin all
// that came after it. So what is still live at the old end is written once more at the new end, and
// then the old end goes. It is done while more than half of the log is dead, which bounds both the
// disk (twice what is live, and two segments) and the writing (no byte of a live record moves more
// often than the log as a whole is written through once).
//
// Nothing is dropped before everything that was noted when it was decided is on the disk: neither
// the copies nor the records, a tombstone say, that made the old ones dead.

import Journal
import Raft
import Reactor

extension SharedLog {
    /// Bytes of the log that are always allowed.
    private var byteCountFloor: Int { 2 * segmentSizeMax }

    private var isCleaningDue: Bool {
        !isStopped && byteCount > max(byteCountFloor, 2 * live.byteCount)
    }

    func cleanIfDue() {
        guard !isCleaning, isCleaningDue else { return }
        isCleaning = true
        Task { @ReactorActor in
            while isCleaningDue { await cleanOldEnd() }
            isCleaning = false
            idle.wakeAll()
        }
    }

    /// Moves what is live in about one segment's worth of the oldest records, then drops those.
    private func cleanOldEnd() async {
        let before = firstIndex
        let span = max(1, journal.recordCount / max(1, journal.segmentCount)) * cleaningReach
        let target = min(before + UInt64(span), lastIndex)
        var items = live.items(before: target)[...]
        while !items.isEmpty, !isStopped {
            for item in items.prefix(Self.itemsAtOnceMax) { rewrite(item) }
            items = items.dropFirst(Self.itemsAtOnceMax)
            // Bounded work a turn: the log must go on taking what the groups write.
            guard await flush() else { return }
        }
        guard await flush() else { return }
        do throws(JournalError) {
            try journal.dropPrefix(before: target)
        } catch {
            fail("the log cannot be shortened", error)
        }
        cleaningReach = firstIndex > before ? 1 : cleaningReach * 2
    }

    private static var itemsAtOnceMax: Int { 64 }

    private func rewrite(_ item: LiveRecords.Item) {
        guard live.isLive(item) else { return }
        do throws(JournalError) {
            let record = try journal.record(at: item.place.record)
            guard let kind = LogRecord.Kind(rawValue: record.kind) else {
                preconditionFailure("only records that were understood are live")
            }
            live.move(item, to: append(kind.rewritten, record.payload))
        } catch {
            fail("the log cannot be read", error)
        }
    }
}
