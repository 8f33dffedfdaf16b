// Opening: reads and verifies every segment, cuts a torn tail, refuses corruption, and makes sure
// that what was read is what the disk holds.

import Linux

/// What opening found.
package struct Recovery: Hashable, Sendable {
    package let recordCount: Int
    package let segmentCount: Int
    /// Nil when the log ended cleanly.
    package let tornTail: TornTail?
}

extension SegmentedJournal {
    /// Opens the log in a folder, or starts one, and hands every record to `replay`, in order.
    ///
    /// When this throws, records that were handed over before it are to be forgotten.
    package static func open(
        folder path: String, options: JournalOptions = JournalOptions(),
        replay: (JournalRecord) -> Void = { _ in }
    ) throws(JournalError) -> (journal: SegmentedJournal, recovery: Recovery) {
        options.validate()
        let folder = try SegmentFolder(path: path, options: options)
        var opening = Opening(folder: folder, options: options)
        let segments = try folder.segments()
        for segment in segments {
            try opening.read(segment, isLast: segment == segments.last, replay: replay)
        }
        try opening.settle()
        let recovery = Recovery(
            recordCount: opening.recordCount, segmentCount: opening.segments.count,
            tornTail: opening.tornTail)
        let journal = SegmentedJournal(
            folder: folder, options: options, segments: opening.segments,
            nextIndex: opening.nextIndex ?? options.firstIndex)
        return (journal, recovery)
    }
}

/// The state of one opening, segment by segment.
private struct Opening {
    let folder: SegmentFolder
    let options: JournalOptions
    var segments: [SegmentedJournal.Segment] = []
    /// Nil until the first segment is read.
    var nextIndex: UInt64?
    var recordCount = 0
    var tornTail: TornTail?
    /// What has to be done to the disk before the log is open.
    var steps: [DiskStep] = []

    init(folder: SegmentFolder, options: JournalOptions) {
        self.folder = folder
        self.options = options
    }

    mutating func read(
        _ first: UInt64, isLast: Bool, replay: (JournalRecord) -> Void
    ) throws(JournalError) {
        let name = SegmentName.name(firstIndex: first)
        if let expected = nextIndex, expected != first {
            throw .gap(segment: name, expected: expected)
        }
        let bytes = try system { () throws(SyscallError) in
            let file = try File.open(folder.path(of: first), .readOnly)
            return try File.read(file, at: 0, count: Int(File.size(file)))
        }
        let scan = SegmentScan(bytes.span)
        switch scan.ending {
        case .clean: break
        case .corrupt(let offset): throw .corrupt(segment: name, offset: offset)
        case .torn(let cause):
            guard isLast else { throw .corrupt(segment: name, offset: scan.end) }
            tornTail = TornTail(
                segment: name, offset: scan.end, byteCount: bytes.count - scan.end, cause: cause)
        }
        guard let header = scan.header else { return create(first, replacing: true) }
        try check(header, name: name, first: first)
        for record in scan.records { replay(record.record(in: bytes)) }
        recordCount += scan.records.count
        nextIndex = first + UInt64(scan.records.count)
        segments.append(
            SegmentedJournal.Segment(
                firstIndex: first, salt: header.salt,
                offsets: scan.records.map { UInt32($0.offset) }, size: scan.end))
        if isLast { rewriteLastBatch(scan, bytes) }
    }

    /// Carries out what the reading found to be necessary; an empty folder gets its first segment.
    mutating func settle() throws(JournalError) {
        if segments.isEmpty { create(options.firstIndex, replacing: false) }
        try system { () throws(SyscallError) in
            try folder.perform(steps)
            try File.syncDirectory(folder.path)
        }
    }

    private func check(
        _ header: SegmentHeader, name: String, first: UInt64
    ) throws(JournalError) {
        guard header.version == SegmentHeader.version else {
            throw .unknownVersion(segment: name, version: header.version)
        }
        guard header.firstIndex == first else { throw .corrupt(segment: name, offset: 8) }
    }

    private mutating func create(_ first: UInt64, replacing: Bool) {
        let header = SegmentHeader(firstIndex: first, salt: options.salt())
        if replacing { steps.append(.remove(segment: first)) }
        steps.append(.create(segment: first, header: header.encoded))
        segments.append(SegmentedJournal.Segment(firstIndex: first, salt: header.salt))
        nextIndex = first
    }

    /// Cuts the torn tail and writes the last batch once more, then syncs.
    ///
    /// The last batch may be in the page cache only: its process died before the fsync, or the
    /// fsync failed and the kernel marked the pages clean (ATC'20, see SegmentFolder.swift), in
    /// which case another fsync alone would do nothing. Everything before it was synced.
    private mutating func rewriteLastBatch(_ scan: SegmentScan, _ bytes: [UInt8]) {
        guard let first = scan.header?.firstIndex else { return }
        if scan.end < bytes.count { steps.append(.cut(segment: first, size: scan.end)) }
        guard let newest = scan.records.last else { return }
        let place = Int(max(newest.batchFirst, first) - first)
        let start = scan.records[place].offset
        steps.append(
            .write(segment: first, offset: start, bytes: Array(bytes[start..<scan.end])))
        steps.append(.sync(segment: first))
    }
}
