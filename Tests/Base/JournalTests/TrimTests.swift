// Truncation, compaction and reset, as a caller sees them.

import Journal
import Linux
import Testing

struct TrimTests {
    @Test(arguments: [1, 2, 60, 84, 85, 86, 150, 200] as [UInt64])
    func `a truncated suffix is gone and its indices are used again`(index: UInt64) throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...200)
            try journal.sync()
            try journal.truncateSuffix(from: index)
            #expect(journal.nextIndex == index)
            #expect(journal.durableIndex == index - 1)
            try journal.append(index...(index + 99), generation: 8)
            #expect(try journal.record(at: index) == sample(index, generation: 8))
            try journal.sync()
        }
        let kept = (1...200).prefix(Int(index) - 1).map { sample($0) }
        let added = (index...(index + 99)).map { sample($0, generation: 8) }
        #expect(try reopen(folder).records == kept + added)
    }

    @Test func `a truncation inside the pending bytes never reaches the disk`() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let journal = try openJournal(folder, disk.options)
        let before = disk.operationCount
        try journal.append(1...5)
        try journal.truncateSuffix(from: 3)
        try journal.append(sample(3, generation: 8))
        try journal.sync()
        #expect(disk.operationCount == before + 2)
        let expected = [sample(1), sample(2), sample(3, generation: 8)]
        #expect(try reopen(folder.copy()).records == expected)
    }

    @Test func `truncating behind the end does nothing and before the start is refused`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...200)
        try journal.sync()
        try journal.truncateSuffix(from: 201)
        #expect(!journal.hasUnsynced)
        try journal.dropPrefix(before: 150)
        let first = journal.firstIndex
        #expect(first > 1)
        #expect(throws: JournalError.noSuchRecord(index: first - 1)) {
            try journal.truncateSuffix(from: first - 1)
        }
    }

    @Test func `dropping a prefix removes whole segments only`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...300)
            try journal.sync()
            let (segmentCount, byteCount) = (journal.segmentCount, journal.byteCount)
            try journal.dropPrefix(before: journal.firstIndex)
            #expect(journal.segmentCount == segmentCount)
            try journal.dropPrefix(before: 200)
            try journal.sync()
            #expect(journal.firstIndex <= 200)
            #expect(journal.firstIndex > 100)
            #expect(journal.segmentCount < segmentCount)
            #expect(journal.byteCount < byteCount)
            #expect(try folder.segments().count == journal.segmentCount)
            #expect(throws: JournalError.noSuchRecord(index: 1)) { try journal.record(at: 1) }
        }
        let reopened = try reopen(folder)
        let first = try #require(reopened.records.first?.index)
        #expect(reopened.records == (first...300).map { sample($0) })
    }

    @Test func `the last segment survives even when all of it could go`() throws {
        let folder = try TemporaryFolder()
        let journal = try openJournal(folder)
        try journal.append(1...300)
        try journal.dropPrefix(before: 301)
        try journal.sync()
        #expect(journal.segmentCount == 1)
        #expect(journal.nextIndex == 301)
    }

    @Test(arguments: [1, 7, 300, 5000] as [UInt64])
    func `a reset log goes on at the index it was given`(index: UInt64) throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...200)
            try journal.sync()
            try journal.reset(nextIndex: index)
            #expect(journal.recordCount == 0)
            #expect(journal.durableIndex == index - 1)
            try journal.append(index...(index + 3))
            try journal.sync()
        }
        #expect(try reopen(folder).records == (index...(index + 3)).map { sample($0) })
    }
}
