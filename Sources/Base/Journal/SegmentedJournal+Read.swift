// Reading records back, for a follower that lags behind what its leader keeps in memory.
//
// A record is where it was written last: in the pending bytes, in a step that no finished sync has
// covered, or in its segment's file.

import Linux

extension SegmentedJournal {
    /// Records from `index` on, at least one, then as long as they fit into `byteCountMax` bytes.
    package func records(
        from index: UInt64, through end: UInt64, byteCountMax: Int
    ) throws(JournalError) -> [JournalRecord] {
        try refuseAfterFailure()
        guard index >= firstIndex, index <= end, end < nextIndex else {
            throw .noSuchRecord(index: index < firstIndex ? index : end)
        }
        var found: [JournalRecord] = []
        var byteCount = 0
        for next in index...end {
            let record = try record(at: next)
            byteCount += record.payload.count + CheckedRecord.headerSize
            if !found.isEmpty, byteCount > byteCountMax { break }
            found.append(record)
        }
        return found
    }

    /// The record of one index, its checksum verified anew.
    package func record(at index: UInt64) throws(JournalError) -> JournalRecord {
        try refuseAfterFailure()
        guard index >= firstIndex, index < nextIndex,
            let segment = segments.last(where: { $0.firstIndex <= index })
        else { throw .noSuchRecord(index: index) }
        let place = Int(index - segment.firstIndex)
        let start = Int(segment.offsets[place])
        let isNewest = place + 1 == segment.offsets.count
        let end = isNewest ? segment.size : Int(segment.offsets[place + 1])
        let bytes = try bytes(of: segment, from: start, to: end)
        guard let checked = CheckedRecord(bytes.span, at: 0, salt: segment.salt),
            checked.index == index
        else {
            throw .corrupt(
                segment: SegmentName.name(firstIndex: segment.firstIndex), offset: start)
        }
        return checked.record(in: bytes)
    }

    private func bytes(
        of segment: Segment, from start: Int, to end: Int
    ) throws(JournalError) -> [UInt8] {
        let written = last.size - pending.count
        if segment.firstIndex == last.firstIndex, start >= written {
            return Array(pending[(start - written)..<(end - written)])
        }
        if let bytes = unsyncedBytes(of: segment.firstIndex, from: start, to: end) { return bytes }
        return try system { () throws(SyscallError) in
            let file = try File.open(folder.path(of: segment.firstIndex), .readOnly)
            return try File.read(file, at: Int64(start), count: end - start)
        }
    }

    private func unsyncedBytes(of segment: UInt64, from start: Int, to end: Int) -> [UInt8]? {
        for step in ((flight?.steps ?? []) + steps).reversed() {
            if case .write(segment, let offset, let bytes) = step, offset <= start,
                end <= offset + bytes.count
            {
                return Array(bytes[(start - offset)..<(end - offset)])
            }
        }
        return nil
    }
}
