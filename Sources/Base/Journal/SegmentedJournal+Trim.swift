// Taking records away: from the end (a Raft follower whose suffix conflicts with the leader's),
// from the start (compaction), or all of them (a snapshot that is ahead of the whole log).
//
// Segments go away one at a time, each with the folder synced, from the end inwards or from the
// start inwards, so that a crash at any point leaves a contiguous log.

extension SegmentedJournal {
    /// Removes the record `index` and all behind it; the next append gets this index again.
    ///
    /// On the disk with the next sync, before anything that is appended afterwards.
    package func truncateSuffix(from index: UInt64) throws(JournalError) {
        try refuseAfterFailure()
        guard index >= firstIndex else { throw .noSuchRecord(index: index) }
        if index >= nextIndex { return }
        while segments.count > 1, last.firstIndex >= index { removeLastSegment() }
        cutLastSegment(keeping: Int(index - last.firstIndex))
        rewind(to: index)
    }

    /// Removes the oldest segments as long as all of their records are before `index`.
    ///
    /// Only for records that a durable snapshot covers: they cannot be had back.
    package func dropPrefix(before index: UInt64) throws(JournalError) {
        try refuseAfterFailure()
        while segments.count > 1, segments[1].firstIndex <= index {
            steps.append(.remove(segment: segments.removeFirst().firstIndex))
        }
    }

    /// Forgets every record and goes on at `index`, as a snapshot from elsewhere asks for.
    ///
    /// A crash in the middle leaves a shorter log that ends before the snapshot: whoever opens it
    /// sees that from `lastIndex` and resets again.
    package func reset(nextIndex index: UInt64) throws(JournalError) {
        try refuseAfterFailure()
        precondition(index > 0, "index 0 means: nothing yet")
        while !segments.isEmpty { removeLastSegment() }
        rewind(to: index)
        batchFirst = index
        durableIndex = index - 1
        startSegment()
    }

    private func removeLastSegment() {
        pending = []
        steps.append(.remove(segment: segments.removeLast().firstIndex))
    }

    private func cutLastSegment(keeping count: Int) {
        guard count < last.offsets.count else { return }
        let size = Int(last.offsets[count])
        let written = last.size - pending.count
        if size >= written {
            pending.removeLast(last.size - size)
        } else {
            pending = []
            steps.append(.cut(segment: last.firstIndex, size: size))
        }
        last.offsets.removeLast(last.offsets.count - count)
        last.size = size
    }

    private func rewind(to index: UInt64) {
        nextIndex = index
        batchFirst = min(batchFirst, index)
        durableIndex = min(durableIndex, index - 1)
        if let lastIndex = flight?.lastIndex { flight?.lastIndex = min(lastIndex, index - 1) }
    }
}
