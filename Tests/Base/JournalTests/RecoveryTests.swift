// Every cut and every flipped bit of small logs, and what opening makes of them.

import Journal
import Linux
import Testing

struct RecoveryTests {
    @Test func `an empty folder starts at the first index`() throws {
        let folder = try TemporaryFolder()
        var options = JournalOptions.small
        options.firstIndex = 42
        let journal = try openJournal(folder, options)
        #expect(journal.nextIndex == 42)
        #expect(journal.firstIndex == 42)
        #expect(journal.durableIndex == 41)
        #expect(journal.recordCount == 0)
        #expect(try journal.append(sample(42)) == 42)
    }

    @Test func `synced records come back in order with their kinds`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...300)
            try journal.sync()
            #expect(journal.durableIndex == 300)
            #expect(journal.segmentCount > 3)
        }
        let reopened = try reopen(folder)
        #expect(reopened.records == (1...300).map { sample($0) })
        #expect(reopened.recovery.tornTail == nil)
        #expect(reopened.nextIndex == 301)
    }

    @Test func `records that were not synced are not on the disk`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...2)
            try journal.sync()
            try journal.append(3...4)
            #expect(journal.durableIndex == 2)
        }
        #expect(try reopen(folder).records.map(\.index) == [1, 2])
    }

    /// The sizes give padding of every length; each record is its own batch or all are one.
    @Test(arguments: [true, false])
    func `a log cut at any byte recovers to exactly its whole records`(oneBatch: Bool) throws {
        let folder = try TemporaryFolder()
        var ends: [Int] = []
        do {
            let journal = try openJournal(folder)
            for index in UInt64(1)...9 {
                try journal.append(sample(index, count: Int(index) - 1))
                ends.append(journal.byteCount)
                if !oneBatch { try journal.sync() }
            }
            try journal.sync()
        }
        let name = try #require(try folder.segments().first)
        let bytes = try contents(of: folder.file(name))
        #expect(ends.last == bytes.count)
        for cut in 0...bytes.count {
            let copy = try TemporaryFolder()
            try File.save(Array(bytes[..<cut]), to: copy.file(name))
            let whole = ends.count { $0 <= cut }
            let reopened = try reopen(copy)
            #expect(reopened.records == (0..<whole).map { sample(UInt64($0) + 1, count: $0) })
            let isClean = ends.contains(cut) || cut == 24
            #expect((reopened.recovery.tornTail == nil) == isClean, "cut at \(cut)")
            #expect(try reopen(copy).recovery.tornTail == nil, "the cut of \(cut) was not kept")
        }
    }

    @Test func `a cut tail is reported with its place and appending goes on`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...3)
            try journal.sync()
        }
        let name = try #require(try folder.segments().first)
        var bytes = try contents(of: folder.file(name))
        bytes.removeLast(5)
        try File.save(bytes, to: folder.file(name))
        do {
            let opened = try SegmentedJournal.open(folder: folder.path, options: .small)
            let tail = try #require(opened.recovery.tornTail)
            #expect(tail.segment == name)
            #expect(tail.offset == 24 + 2 * 48)
            #expect(tail.byteCount == 43)
            #expect(tail.cause == .incomplete)
            try opened.journal.append(sample(3, generation: 8))
            try opened.journal.sync()
        }
        #expect(try reopen(folder).records == [sample(1), sample(2), sample(3, generation: 8)])
    }

    @Test func `a zeroed tail is cut`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...2)
            try journal.sync()
        }
        let name = try #require(try folder.segments().first)
        let bytes = try contents(of: folder.file(name))
        try File.save(bytes + [UInt8](repeating: 0, count: 2000), to: folder.file(name))
        let reopened = try reopen(folder)
        #expect(reopened.records == [sample(1), sample(2)])
        #expect(reopened.recovery.tornTail?.byteCount == 2000)
    }

    /// A prefix may be shorter than all only where the damage hit the very last record. Every bit of
    /// a segment is flipped in SegmentScanTests; here whole openings over several files are tried.
    @Test func `no flipped byte ever yields a wrong record`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            for index in UInt64(1)...14 {
                try journal.append(sample(index, count: 600))
                try journal.sync()
            }
        }
        let all = (1...14).map { sample($0, count: 600) }
        let names = try folder.segments()
        #expect(names.count == 3)
        for name in names {
            let intact = try contents(of: folder.file(name))
            let lastRecord = name == names.last ? intact.count - 624 : Int.max
            for offset in stride(from: 0, to: intact.count, by: 7) {
                var bytes = intact
                bytes[offset] ^= UInt8(1 << (offset % 8))
                try File.save(bytes, to: folder.file(name))
                do {
                    let reopened = try reopen(folder.copy())
                    #expect(offset >= lastRecord, "damage at \(offset) of \(name) was cut")
                    #expect(reopened.records == Array(all.dropLast()))
                } catch let error as JournalError {
                    #expect(offset < lastRecord, "\(error)")
                }
            }
            try File.save(intact, to: folder.file(name))
        }
        #expect(try reopen(folder).records == all)
    }

    @Test func `damage before intact records names the segment and the byte`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...5)
            try journal.sync()
        }
        let name = try #require(try folder.segments().first)
        var bytes = try contents(of: folder.file(name))
        bytes[24 + 48 + 30] ^= 1
        try File.save(bytes, to: folder.file(name))
        #expect(throws: JournalError.corrupt(segment: name, offset: 24 + 48)) {
            try reopen(folder)
        }
        #expect(try contents(of: folder.file(name)) == bytes, "a refused log is untouched")
    }

    @Test func `a damaged end of a segment that is not the last is corruption`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...200)
            try journal.sync()
        }
        let name = try #require(try folder.segments().first)
        var bytes = try contents(of: folder.file(name))
        bytes.removeLast(3)
        try File.save(bytes, to: folder.file(name))
        #expect(throws: JournalError.self) { try reopen(folder) }
    }

    @Test func `a missing segment is a gap`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            try journal.append(1...300)
            try journal.sync()
        }
        let names = try folder.segments()
        try File.remove(folder.file(names[1]))
        let error = #expect(throws: JournalError.self) { try reopen(folder) }
        guard case .gap(let segment, _) = error else {
            Issue.record("not a gap: \(String(describing: error))")
            return
        }
        #expect(segment == names[2])
    }

    @Test func `a second opener is refused until the first is gone`() throws {
        let folder = try TemporaryFolder()
        do {
            let journal = try openJournal(folder)
            #expect(throws: JournalError.locked(folder: folder.path)) { try openJournal(folder) }
            try journal.append(sample(1))
        }
        #expect(try openJournal(folder).nextIndex == 1)
    }
}
