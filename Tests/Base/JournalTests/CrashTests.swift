// Crashes between any two steps of random histories, with and without the page cache.
//
// Before each change to the disk the folder is copied: that is what a killed process leaves. Before
// each sync a second copy loses random sectors of what was written since the barrier before: that
// is what a power cut may leave. Every copy must open, and to a log that a crash can explain.

import Journal
import Linux
import Synchronization
import Testing

struct CrashTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `every crash leaves a log that its history explains`(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let crashes = Crashes(folder: folder, seed: seed)
        var random = Seeded(state: seed)
        let journal = try openJournal(folder, crashes.options)
        var log = Model(next: 1)
        for round in 0..<30 {
            let generation = UInt8(round) * 8
            try step(journal, &log, generation: generation, &random)
            crashes.expect(log)
            if Bool.random(using: &random) {
                try journal.sync()
                crashes.settle()
                #expect(journal.durableIndex == log.next - 1)
            }
        }
        let failures = crashes.failures
        #expect(failures.isEmpty, "\(failures.prefix(3))")
        #expect(crashes.copyCount > 30)
    }

    private func step(
        _ journal: SegmentedJournal, _ log: inout Model, generation: UInt8,
        _ random: inout Seeded
    ) throws {
        let first = journal.firstIndex
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where log.next > first:
            let index = UInt64.random(in: first..<log.next, using: &random)
            try journal.truncateSuffix(from: index)
            log.records = log.records.filter { $0.key < index }
            log.next = index
        case 1:
            let index = UInt64.random(in: 1...log.next, using: &random)
            try journal.dropPrefix(before: index)
            let kept = journal.firstIndex
            log.records = log.records.filter { $0.key >= kept }
        case 2 where Int.random(in: 0..<3, using: &random) == 0:
            let index = log.next + UInt64.random(in: 0...50, using: &random)
            try journal.reset(nextIndex: index)
            log = Model(next: index)
        default:
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let count = Int.random(in: 0...900, using: &random)
                let added = sample(log.next, count: count, generation: generation)
                try journal.append(added)
                log.records[added.index] = added
                log.next += 1
            }
        }
    }
}

/// The log as it should be, by index.
private struct Model {
    var records: [UInt64: JournalRecord] = [:]
    var next: UInt64
}

/// Copies the folder at every step and checks each copy against the logs that explain it.
private final class Crashes: Sendable {
    private struct State {
        /// The log at the last finished sync, and every log that was asked for since.
        var synced = Model(next: 1)
        var asked: [Model] = []
        var unsynced: [String: Range<Int>] = [:]
        var random: Seeded
        var failures: [String] = []
        var copyCount = 0
    }

    private let folder: TemporaryFolder
    private let state: Mutex<State>

    init(folder: TemporaryFolder, seed: UInt64) {
        self.folder = folder
        state = Mutex(State(random: Seeded(state: seed &* 977)))
    }

    var options: JournalOptions {
        var options = JournalOptions.small
        options.beforeOperation = { [self] operation in
            state.withLock { crash(before: operation, &$0) }
            return nil
        }
        return options
    }

    var failures: [String] { state.withLock { $0.failures } }
    var copyCount: Int { state.withLock { $0.copyCount } }

    func expect(_ log: Model) { state.withLock { $0.asked.append(log) } }

    func settle() {
        state.withLock { state in
            if let newest = state.asked.last { state.synced = newest }
            state.asked = []
        }
    }

    private func crash(before operation: DiskOperation, _ state: inout State) {
        do {
            try check(folder.copy(), "kill before \(operation)", &state)
            switch operation {
            case .write(let segment, let offset, let count):
                state.unsynced[segment] = offset..<(offset + count)
            case .sync(let segment):
                if let range = state.unsynced.removeValue(forKey: segment), range.lowerBound > 0 {
                    let copy = try folder.copy()
                    try loseSectors(of: copy.file(segment), range, &state.random)
                    try check(copy, "power cut before \(operation)", &state)
                }
            case .create, .cut, .remove, .syncFolder: break
            }
        } catch {
            state.failures.append("\(operation): \(error)")
        }
    }

    private func loseSectors(
        of path: String, _ range: Range<Int>, _ random: inout Seeded
    ) throws {
        var bytes = try contents(of: path)
        for sector in (range.lowerBound / 512)...((range.upperBound - 1) / 512)
        where Int.random(in: 0..<4, using: &random) == 0 {
            let lost = (sector * 512..<(sector + 1) * 512).clamped(to: range)
            for offset in lost { bytes[offset] = 0 }
        }
        if Bool.random(using: &random) {
            bytes.removeLast(Int.random(in: 0..<range.count, using: &random))
        }
        try File.save(bytes, to: path)
    }

    private func check(_ copy: TemporaryFolder, _ what: String, _ state: inout State) throws {
        state.copyCount += 1
        let reopened: Reopened
        do {
            reopened = try reopen(copy)
        } catch {
            state.failures.append("\(what): \(error)")
            return
        }
        let candidates = [state.synced] + state.asked
        let keptThrough = candidates.map { $0.next }.min() ?? 1
        let isExplained = candidates.contains { explains($0, reopened) }
        let lost = state.synced.records.keys.filter { index in
            candidates.allSatisfy { $0.records[index] == state.synced.records[index] }
                && !reopened.records.contains { $0.index == index }
        }
        if !isExplained { state.failures.append("\(what): no log explains what opened") }
        if !lost.isEmpty { state.failures.append("\(what): lost \(lost) below \(keptThrough)") }
    }

    /// True when what opened is this log, less some of its end, or more at its start.
    private func explains(_ log: Model, _ reopened: Reopened) -> Bool {
        guard reopened.nextIndex <= log.next else { return false }
        if let first = log.records.keys.min(), let found = reopened.records.first?.index,
            found > first
        {
            return false
        }
        return reopened.records.allSatisfy { found in
            guard let expected = log.records[found.index] else {
                return !log.records.keys.contains { $0 < found.index }
            }
            return expected == found
        }
    }
}
