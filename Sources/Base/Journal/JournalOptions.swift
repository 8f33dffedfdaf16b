// How a journal is set up; checked once, when it opens.

package import Linux

package struct JournalOptions: Sendable {
    /// A segment is closed before it would outgrow this, in bytes; at least 4 KiB, under 4 GiB.
    /// Compaction drops whole segments, so this is also the grain of the space that it gives back.
    package var segmentSizeMax = 16 * 1024 * 1024

    /// The largest payload in bytes; a record always fits into an empty segment.
    package var payloadCountMax = 1024 * 1024

    /// The index of the first record in an empty folder; at least 1.
    package var firstIndex: UInt64 = 1

    /// Gives each segment its salt, see RecordFormat.swift.
    package var salt: @Sendable () -> UInt32 = { UInt32.random(in: .min ... .max) }

    /// Called before each change to the disk, on the thread that makes it. An error number that it
    /// returns counts as the failure of that system call: it is how a failed fsync, or a crash
    /// between any two steps, is brought about on purpose.
    package var beforeOperation: @Sendable (DiskOperation) -> Errno? = { _ in nil }

    package init() {}

    func validate() {
        precondition(segmentSizeMax >= 4096, "a segment holds at least 4 KiB")
        precondition(segmentSizeMax <= Int(UInt32.max), "offsets are kept in 32 bits")
        precondition(firstIndex > 0, "index 0 means: nothing yet")
        precondition(
            SegmentHeader.size + CheckedRecord.size(payloadCount: payloadCountMax)
                <= segmentSizeMax, "the largest record fits into one segment")
    }
}
