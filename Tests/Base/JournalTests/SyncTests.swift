// What is durable when, group commit, and what a failed sync does.

import Journal
import Linux
import Synchronization
import Testing

struct SyncTests {
    @Test func `records appended while a batch is under way wait for the next`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...3)
        let batch = try #require(try journal.beginSync())
        try journal.append(4...6)
        #expect(journal.isSyncing)
        #expect(journal.durableIndex == 0)
        try journal.finishSync(batch.perform())
        #expect(journal.durableIndex == 3)
        #expect(journal.hasUnsynced)
        try journal.sync()
        #expect(journal.durableIndex == 6)
        #expect(!journal.hasUnsynced)
        #expect(try journal.beginSync() == nil)
    }

    @Test func `a batch is carried out on another thread`() async throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...200)
        let batch = try #require(try journal.beginSync())
        let outcome = await Task.detached { batch.perform() }.value
        try journal.finishSync(outcome)
        #expect(journal.durableIndex == 200)
        #expect(try reopen(folder.copy()).records.count == 200)
    }

    @Test func `a truncation under way lowers what the batch makes durable`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...9)
        let batch = try #require(try journal.beginSync())
        try journal.truncateSuffix(from: 5)
        try journal.append(5...7, generation: 8)
        try journal.finishSync(batch.perform())
        #expect(journal.durableIndex == 4)
        try journal.sync()
        #expect(journal.durableIndex == 7)
        let expected = (1...4).map { sample($0) } + (5...7).map { sample($0, generation: 8) }
        #expect(try reopen(folder.copy()).records == expected)
    }

    @Test func `every record is readable wherever it is`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...200)
        try journal.sync()
        try journal.append(201...400)
        let batch = try #require(try journal.beginSync())
        try journal.append(401...600)
        for index in UInt64(1)...600 { #expect(try journal.record(at: index) == sample(index)) }
        try journal.finishSync(batch.perform())
        let some = try journal.records(from: 100, through: 600, byteCountMax: 440)
        #expect(some == (100...109).map { sample($0) })
        #expect(try journal.records(from: 100, through: 600, byteCountMax: 0).count == 1)
        #expect(throws: JournalError.noSuchRecord(index: 601)) { try journal.record(at: 601) }
        #expect(throws: JournalError.noSuchRecord(index: 0)) { try journal.record(at: 0) }
    }

    @Test func `reading notices damage that came after opening`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...3)
        try journal.sync()
        let name = try #require(try folder.segments().first)
        var bytes = try contents(of: folder.file(name))
        bytes[24 + 48 + 25] ^= 4
        try File.save(bytes, to: folder.file(name))
        #expect(try journal.record(at: 1) == sample(1))
        #expect(throws: JournalError.corrupt(segment: name, offset: 72)) {
            try journal.record(at: 2)
        }
    }

    @Test func `after one failed fsync everything is refused and nothing is tried again`() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let journal = try openJournal(folder, disk.options)
        try journal.append(1...2)
        try journal.sync()
        try journal.append(3...4)
        disk.failNextSync(.inputOutput)
        let error = #expect(throws: JournalError.self) { try journal.sync() }
        guard case .poisoned(let cause) = error else {
            Issue.record("not poisoned: \(String(describing: error))")
            return
        }
        #expect(cause.errno == .inputOutput)
        #expect(journal.durableIndex == 2)
        #expect(journal.poison == cause)
        let operationCount = disk.operationCount
        #expect(throws: JournalError.poisoned(cause)) { try journal.append(sample(5)) }
        #expect(throws: JournalError.poisoned(cause)) { try journal.sync() }
        #expect(throws: JournalError.poisoned(cause)) { try journal.beginSync() }
        #expect(throws: JournalError.poisoned(cause)) { try journal.truncateSuffix(from: 1) }
        #expect(throws: JournalError.poisoned(cause)) { try journal.dropPrefix(before: 2) }
        #expect(throws: JournalError.poisoned(cause)) { try journal.reset(nextIndex: 9) }
        #expect(throws: JournalError.poisoned(cause)) { try journal.record(at: 1) }
        #expect(disk.operationCount == operationCount)
    }

    @Test func `a full disk poisons as well`() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let journal = try openJournal(folder, disk.options)
        try journal.append(1...2)
        disk.failNextWrite(.noSpace)
        #expect(throws: JournalError.self) { try journal.sync() }
        #expect(journal.poison?.errno == .noSpace)
        #expect(try reopen(folder.copy()).records.isEmpty)
    }

    @Test func `opening writes the last batch anew before it counts as durable`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...5)
            try journal.sync()
            try journal.append(6...7)
            try journal.sync()
        }
        let disk = FailingDisk()
        let name = try #require(try folder.segments().first)
        do {
            let journal = try openJournal(folder, disk.options)
            #expect(journal.durableIndex == 7)
        }
        #expect(
            disk.operations == [
                .write(segment: name, offset: 24 + 5 * 48, count: 96), .sync(segment: name),
            ])
        disk.failNextSync(.inputOutput)
        #expect(throws: JournalError.self) { try openJournal(folder, disk.options) }
    }

    @Test func `an oversized record is refused and changes nothing`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(sample(1, count: 1024))
        #expect(throws: JournalError.recordTooLarge(count: 1025, countMax: 1024)) {
            try journal.append(sample(2, count: 1025))
        }
        #expect(journal.nextIndex == 2)
    }
}

/// A disk whose calls are written down and fail when told to.
final class FailingDisk: Sendable {
    private struct State {
        var operations: [DiskOperation] = []
        var nextSync: Errno?
        var nextWrite: Errno?
    }

    private let state = Mutex(State())

    var options: JournalOptions {
        var options = JournalOptions.small
        options.beforeOperation = { [self] in note($0) }
        return options
    }

    var operations: [DiskOperation] { state.withLock { $0.operations } }
    var operationCount: Int { operations.count }

    func failNextSync(_ errno: Errno) { state.withLock { $0.nextSync = errno } }
    func failNextWrite(_ errno: Errno) { state.withLock { $0.nextWrite = errno } }

    private func note(_ operation: DiskOperation) -> Errno? {
        state.withLock { state in
            state.operations.append(operation)
            switch operation {
            case .sync: return state.nextSync.take()
            case .write: return state.nextWrite.take()
            case .create, .cut, .remove, .syncFolder: return nil
            }
        }
    }
}
