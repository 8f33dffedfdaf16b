// Keeps the log about as long as what it has to tell.

import Reactor
import Telemetry

/// When the log is shortened.
package struct CompactionOptions: Sendable {
    /// Records between two looks at the log.
    package var interval = 4096
    /// A log below this is left alone apart from a beginning that nobody needs, in bytes.
    package var logBytesMin = 64 << 20
    /// Records written again before other commands have their turn.
    package var batch = 256

    package init() {}
}

extension QueueService {
    func tidyIfDue() {
        guard !isTidying, storage.durableIndex >= nextTidying else { return }
        nextTidying = storage.durableIndex + UInt64(compaction.interval)
        isTidying = true
        Task { @ReactorActor in
            await tidy()
            isTidying = false
        }
    }

    /// Drops the part of the log that is not needed, after making it longer where that pays.
    ///
    /// Everything that the decision rests on is durable before the records go: an acknowledgement
    /// that a crash undoes must still find its message.
    private func tidy() async {
        let isSparse =
            storage.byteCount > max(compaction.logBytesMin, 2 * broker.neededByteCount)
        if isSparse, await !writeOldestAgain() { return }
        let bound = broker.oldestNeeded() ?? storage.nextIndex
        guard bound > storage.firstIndex else { return }
        var last: UInt64 = 0
        for record in broker.counts {
            guard let index = write(record) else { return }
            last = index
        }
        guard await storage.commit(through: last) else { return }
        storage.drop(before: bound)
    }

    /// Writes what is needed of the oldest quarter of the log again; false once the log is closed.
    private func writeOldestAgain() async -> Bool {
        let end = storage.firstIndex + max(1, (storage.nextIndex - storage.firstIndex) / 4)
        while true {
            let records = broker.takeNeeded(before: end, countMax: compaction.batch)
            if records.isEmpty { return true }
            var last: UInt64 = 0
            for record in records {
                guard let index = write(record) else { return false }
                last = index
            }
            counters.add(Int64(records.count), to: "written_again")
            guard await storage.commit(through: last) else { return false }
        }
    }
}
