// What the journal asks of the disk, as values.
//
// The journal decides on the loop what has to happen and in which order; a `SyncBatch` carries the
// steps to a thread that may block. Each step leaves a log that opens to a contiguous prefix of the
// records, whichever step a crash comes after, so that there is no journal of the journal.

/// One step; steps are carried out in order, and the first failure ends all.
enum DiskStep: Equatable, Sendable {
    /// Creates the segment, syncs its header, syncs the folder.
    case create(segment: UInt64, header: [UInt8])
    case write(segment: UInt64, offset: Int, bytes: [UInt8])
    /// The barrier: nothing that follows is written before this is over.
    case sync(segment: UInt64)
    /// Shortens the segment and syncs it, so that what was cut cannot come back behind new records.
    case cut(segment: UInt64, size: Int)
    /// Removes the segment and syncs the folder, so that removals cannot overtake one another and
    /// leave a gap.
    case remove(segment: UInt64)
}

/// One system call that changes the disk, told to `JournalOptions.beforeOperation` beforehand.
package enum DiskOperation: Hashable, Sendable {
    case create(segment: String)
    case write(segment: String, offset: Int, count: Int)
    case sync(segment: String)
    case cut(segment: String, size: Int)
    case remove(segment: String)
    case syncFolder
}
