// What can go wrong with a journal, in one type. The split that matters: `corrupt` and `gap` mean
// that records which may have been acknowledged are gone, so opening refuses and a person or a
// replica's peers must decide; a torn tail is not an error and is reported by `Recovery` instead.

package import Linux

/// Why the journal refused.
package enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process, or another journal in this one, has the folder open.
    case locked(folder: String)
    /// Bytes before the tail do not check out: damage after the fact, never a crash while writing.
    case corrupt(segment: String, offset: Int)
    /// A segment starts elsewhere than where the one before it ends.
    case gap(segment: String, expected: UInt64)
    /// A whole and checked header of a format that this build does not know.
    case unknownVersion(segment: String, version: UInt16)
    /// A write or a sync failed earlier; what the disk holds is unknown until the next open.
    case poisoned(SyscallError)
    case recordTooLarge(count: Int, countMax: Int)
    /// The record was dropped, truncated or never written.
    case noSuchRecord(index: UInt64)
    case system(SyscallError)

    package var description: String {
        switch self {
        case .locked(let folder): "journal \(folder) is open elsewhere"
        case .corrupt(let segment, let offset): "\(segment) is corrupt at byte \(offset)"
        case .gap(let segment, let expected):
            "\(segment) does not follow: record \(expected) is missing"
        case .unknownVersion(let segment, let version):
            "\(segment) has the unknown format version \(version)"
        case .poisoned(let error): "journal stopped after a failed write: \(error)"
        case .recordTooLarge(let count, let countMax):
            "record of \(count) bytes, at most \(countMax) are taken"
        case .noSuchRecord(let index): "no record \(index)"
        case .system(let error): "\(error)"
        }
    }
}

/// Runs system calls and turns their error into this module's.
func system<Result: ~Copyable>(
    _ body: () throws(SyscallError) -> Result
) throws(JournalError) -> Result {
    do {
        return try body()
    } catch {
        throw .system(error)
    }
}
