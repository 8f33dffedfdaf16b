// A folder of its own for each test, records that are easy to tell apart, and small seeded choices.

import Journal
import Linux
import Synchronization

private let folderCount = Atomic<Int>(0)

/// A temporary folder that goes away with its last reference.
///
/// In memory where possible: thousands of openings sync, and a test cannot tell a real disk's sync
/// from none. What a sync that never reached the disk would lose is simulated, see CrashTests.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let number = folderCount.add(1, ordering: .relaxed).newValue
        let base = File.exists("/dev/shm") ? "/dev/shm" : "/tmp"
        path = "\(base)/journal-tests-\(CurrentProcess.id)-\(number)"
        try File.makeDirectories(path)
    }

    deinit { try? File.removeTree(path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// The segment files by name; the lock is not part of the log.
    func segments() throws -> [String] {
        try File.list(path).filter { $0.hasSuffix(".segment") }
    }

    /// What a crash at this moment would leave.
    func copy() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in try segments() {
            try File.save(contents(of: file(name)), to: copy.file(name))
        }
        return copy
    }
}

func contents(of path: String) throws -> [UInt8] {
    let file = try File.open(path, .readOnly)
    return try File.read(file, at: 0, count: Int(File.size(file)))
}

/// What one opening yields, its journal closed again.
struct Reopened {
    let records: [JournalRecord]
    let recovery: Recovery
    let nextIndex: UInt64
}

func reopen(_ folder: TemporaryFolder, _ options: JournalOptions = .small) throws -> Reopened {
    var records: [JournalRecord] = []
    let opened = try SegmentedJournal.open(folder: folder.path, options: options) {
        records.append($0)
    }
    return Reopened(
        records: records, recovery: opened.recovery, nextIndex: opened.journal.nextIndex)
}

func openJournal(
    _ folder: TemporaryFolder, _ options: JournalOptions = .small
) throws -> SegmentedJournal {
    try SegmentedJournal.open(folder: folder.path, options: options).journal
}

extension JournalOptions {
    /// Segments of 4 KiB, so that a handful of records rolls.
    static var small: JournalOptions {
        var options = JournalOptions()
        options.segmentSizeMax = 4096
        options.payloadCountMax = 1024
        options.salt = { 0x5EED }
        return options
    }
}

/// A record whose payload follows from its index and a generation.
func sample(_ index: UInt64, count: Int = 20, generation: UInt8 = 0) -> JournalRecord {
    let payload = (0..<count).map {
        UInt8(truncatingIfNeeded: Int(index) * 31 + $0 + 1) ^ generation
    }
    return JournalRecord(index: index, kind: UInt8(index % 3) + generation, payload: payload)
}

extension SegmentedJournal {
    @discardableResult
    func append(_ record: JournalRecord) throws -> UInt64 {
        try append(kind: record.kind, payload: record.payload)
    }

    func append(_ indices: ClosedRange<UInt64>, count: Int = 20, generation: UInt8 = 0) throws {
        for index in indices {
            try append(sample(index, count: count, generation: generation))
        }
    }
}

/// SplitMix64, so that a failing seed fails again.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
