// Starting from a folder: the log is read, its records are applied, and a new generation is opened
// and made durable before anyone is served, so that no tag of an earlier start fits.

import Journal
import Linux
import Wire

enum QueueRestart {
    struct Restored {
        var broker: Broker
        let journal: SegmentedJournal
        let recovery: Recovery
    }

    static func open(
        folder: String, _ broker: consuming Broker, _ options: JournalOptions
    ) throws(QueueError) -> Restored {
        let now = MonotonicTime.now()
        var broker = broker
        var problem: QueueError?
        do {
            let (journal, recovery) = try SegmentedJournal.open(
                folder: folder, options: options
            ) { entry in
                guard problem == nil else { return }
                do throws(ByteReaderError) {
                    let record = try QueueRecord(kind: entry.kind, payload: entry.payload.span)
                    broker.apply(record, at: entry.index, now: now)
                } catch {
                    problem = .record(index: entry.index, error)
                }
            }
            if let problem { throw problem }
            let opened = broker.finishRestoring()
            let index = try journal.append(kind: opened.kind.rawValue, payload: opened.encoded)
            broker.apply(opened, at: index, now: now)
            try journal.sync()
            _ = broker.settle(through: journal.durableIndex)
            return Restored(broker: broker, journal: journal, recovery: recovery)
        } catch let error as JournalError {
            throw .journal(error)
        } catch let error as QueueError {
            throw error
        } catch {
            preconditionFailure("only these two are thrown")
        }
    }
}
