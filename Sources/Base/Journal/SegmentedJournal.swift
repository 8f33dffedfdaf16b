// A checksummed append-only log in segments, the ground under the store's and the queue's promise
// that what was acknowledged is on the disk.
//
// The journal itself never touches the disk after it is open: it keeps the log as the caller sees
// it and a list of disk steps that will make the files agree. `sync()` carries the steps out and
// waits for the disk. A driver on an event loop splits it instead:
//
//     if let batch = try journal.beginSync() {               // on the loop
//         let outcome = await offload { batch.perform() }    // on a thread that may block
//         try journal.finishSync(outcome)                    // on the loop; durableIndex is moved
//     }
//
// Whatever is appended between the two waits for the next batch: that is group commit, one fsync
// for all that came while the one before was under way.
//
// Truncation, dropping and reset are steps like any other: visible at once, on the disk with the
// next sync, and in order with the records around them. So a follower that cuts a conflicting
// suffix and appends the leader's entries needs one sync for both.
//
// Memory: 4 bytes a record that is kept, and the bytes that no finished sync has covered.

package import Linux

package final class SegmentedJournal {
    /// One segment as it will be once every step is carried out.
    struct Segment {
        let firstIndex: UInt64
        let salt: UInt32
        /// Where each record starts.
        var offsets: [UInt32] = []
        /// Its length in bytes, header included.
        var size = SegmentHeader.size
    }

    struct Flight {
        let id: UInt64
        let steps: [DiskStep]
        /// The log is durable up to here once the flight lands; a truncation in between lowers it.
        var lastIndex: UInt64
    }

    let options: JournalOptions
    let folder: SegmentFolder
    /// Never empty; contiguous: each starts where the one before ends.
    var segments: [Segment]
    /// The last bytes of the last segment, for which there is no step yet.
    var pending: [UInt8] = []
    /// Steps that no batch has taken yet.
    var steps: [DiskStep] = []
    var flight: Flight?
    var flightCount: UInt64 = 0
    /// The first record since the last barrier, see `place` in RecordFormat.swift.
    var batchFirst: UInt64
    var failure: SyscallError?

    /// The index that the next append returns.
    package internal(set) var nextIndex: UInt64
    /// Every record up to this index is on the disk; 0 <= durableIndex < nextIndex.
    package internal(set) var durableIndex: UInt64

    init(folder: SegmentFolder, options: JournalOptions, segments: [Segment], nextIndex: UInt64) {
        precondition(!segments.isEmpty, "a journal has at least one segment")
        self.folder = folder
        self.options = options
        self.segments = segments
        self.nextIndex = nextIndex
        batchFirst = nextIndex
        durableIndex = nextIndex - 1
    }

    /// Adds a record; it is in memory only until a sync that began afterwards is over.
    package func append(kind: UInt8, payload: [UInt8]) throws(JournalError) -> UInt64 {
        try refuseAfterFailure()
        guard payload.count <= options.payloadCountMax else {
            throw .recordTooLarge(count: payload.count, countMax: options.payloadCountMax)
        }
        let size = CheckedRecord.size(payloadCount: payload.count)
        if last.size + size > options.segmentSizeMax { roll() }
        let index = nextIndex
        let place = UInt32(clamping: index - batchFirst)
        CheckedRecord.encode(
            JournalRecord(index: index, kind: kind, payload: payload), place: place,
            salt: last.salt, into: &pending)
        last.offsets.append(UInt32(last.size))
        last.size += size
        nextIndex += 1
        assert(durableIndex < nextIndex)
        return index
    }

    /// The index of the oldest record that is kept; equal to `nextIndex` when there is none.
    package var firstIndex: UInt64 { segments[0].firstIndex }
    /// The index of the newest record; `firstIndex - 1` when there is none.
    package var lastIndex: UInt64 { nextIndex - 1 }
    package var recordCount: Int { Int(nextIndex - firstIndex) }
    package var segmentCount: Int { segments.count }
    /// The length of all segments, in bytes, once everything is synced.
    package var byteCount: Int { segments.reduce(0) { $0 + $1.size } }
    /// True when a sync would have something to do.
    package var hasUnsynced: Bool { !pending.isEmpty || !steps.isEmpty }
    /// The failure after which the journal refuses everything.
    package var poison: SyscallError? { failure }

    var last: Segment {
        get { segments[segments.count - 1] }
        _modify { yield &segments[segments.count - 1] }
    }

    func refuseAfterFailure() throws(JournalError) {
        if let failure { throw .poisoned(failure) }
    }

    /// Closes the last segment and starts the next, with a barrier in between.
    private func roll() {
        takePending()
        startSegment()
    }

    func startSegment() {
        let header = SegmentHeader(firstIndex: nextIndex, salt: options.salt())
        steps.append(.create(segment: nextIndex, header: header.encoded))
        segments.append(Segment(firstIndex: nextIndex, salt: header.salt))
    }

    /// Turns the pending bytes into steps that end in a barrier.
    func takePending() {
        batchFirst = nextIndex
        if pending.isEmpty { return }
        let offset = last.size - pending.count
        steps.append(.write(segment: last.firstIndex, offset: offset, bytes: pending))
        steps.append(.sync(segment: last.firstIndex))
        pending = []
    }
}
