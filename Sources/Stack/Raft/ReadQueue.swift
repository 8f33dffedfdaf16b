// Linearizable reads without a log entry (ReadIndex; Raft paper 8, dissertation 6.4).
//
// A read notes the commit index, then the leader makes sure that it still is the leader: a majority
// has to answer a heartbeat that left after the read came in. Reads that come in between two rounds
// share the next one. A round's number is never used again in a term, and a term has one leader in one
// life, so an answer to an old round cannot confirm a new read. No clock is involved: a process
// that was paused for an hour learns from the missing answers that it was deposed.

/// A read that may be answered once the state machine has applied `index`.
package struct ReadState: Hashable, Sendable {
    package let id: ReadID
    package let index: LogIndex

    package init(id: ReadID, index: LogIndex) {
        self.id = id
        self.index = index
    }
}

struct ReadQueue: Sendable {
    /// The newest round that was sent; heartbeats of the regular beat repeat it.
    private(set) var round: UInt64 = 0

    /// Reads that came before the term's first commit. Until then the leader's commit index may be
    /// behind what an earlier leader acknowledged.
    private var early: [ReadID] = []

    private var waiting: [Waiting] = []

    /// Only a planted bug sets it.
    var joinsEarlierRound = false

    private struct Waiting: Sendable {
        let read: ReadState
        let round: UInt64
    }

    var count: Int { early.count + waiting.count }
    var ids: [ReadID] { early + waiting.map(\.read.id) }

    /// Notes a read; `commit` is nil as long as the term has committed nothing.
    mutating func add(_ id: ReadID, commit: LogIndex?) {
        guard let commit else { return early.append(id) }
        waiting.append(
            Waiting(
                read: ReadState(id: id, index: commit), round: joinsEarlierRound ? round : round + 1
            ))
    }

    /// Lets the early reads in, once the term has its first commit.
    mutating func open(commit: LogIndex) {
        let ids = early
        early = []
        for id in ids { add(id, commit: commit) }
    }

    /// Starts a round if a read waits that no round covers yet; tells whether heartbeats must go out.
    mutating func startRound() -> Bool {
        guard let newest = waiting.last, newest.round > round else { return false }
        round = newest.round
        return true
    }

    /// Takes out the reads whose round a majority has confirmed.
    mutating func takeConfirmed(through confirmed: UInt64) -> [ReadState] {
        let done = waiting.prefix { $0.round <= confirmed }.map(\.read)
        waiting.removeFirst(done.count)
        return done
    }
}
