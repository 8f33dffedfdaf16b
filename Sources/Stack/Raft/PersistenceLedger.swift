// Which of the writes that were handed to the driver have reached its disk.
//
// Readies may overlap: the next one is taken while the fsync of the one before still runs. An entry
// may then be written, cut and written again, all before the first acknowledgement comes back; judged by
// index and term alone, that acknowledgement would vouch for the last copy. So each write is
// remembered by its number, and a cut lowers what the earlier writes can still vouch for.

/// The writes under way, and what is durable already.
struct PersistenceLedger: Sendable {
    /// The hard state that the disk has.
    private(set) var durable: HardState

    /// The hard state that the disk will have once all writes under way are done.
    private(set) var issued: HardState

    /// The last ready given out; zero before the first.
    private(set) var lastNumber = ReadyNumber(0)

    private var writes: [Write] = []

    private struct Write: Sendable {
        let number: ReadyNumber
        let hardState: HardState
        /// The last entry that this write makes durable.
        var last: LogIndex
    }

    init(restored: HardState) {
        durable = restored
        issued = restored
    }

    /// Counts a ready that is given out.
    mutating func openReady() { lastNumber = lastNumber.next }

    /// Notes that the ready with the latest number asks for a write.
    mutating func issue(_ hardState: HardState, last: LogIndex) {
        precondition(hardState.term >= issued.term, "terms only grow")
        issued = hardState
        writes.append(Write(number: lastNumber, hardState: hardState, last: last))
    }

    /// Notes that entries from an index on were cut from the log in memory.
    mutating func cut(from index: LogIndex) {
        for place in writes.indices where writes[place].last >= index {
            writes[place].last = index.previous
        }
    }

    /// Takes the acknowledgement of one ready and all before it; returns the last durable entry.
    mutating func acknowledge(_ number: ReadyNumber) -> LogIndex? {
        precondition(number <= lastNumber, "ready \(number) was never given out")
        let done = writes.prefix { $0.number <= number }
        guard let newest = done.last else { return nil }
        durable = newest.hardState
        writes.removeFirst(done.count)
        return newest.last
    }
}
