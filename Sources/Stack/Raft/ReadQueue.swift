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

/// Who wants to read.
enum ReadOrigin: Hashable, Sendable {
    case here(ReadID)
    /// A follower, for reads of its own state.
    case peer(NodeID, Ticket)
}

struct ReadQueue: Sendable {
    /// Every heartbeat begins a round.
    var rounds = HeartbeatRounds()

    /// Reads that came before the term's first commit. Until then the leader's commit index may be
    /// behind what an earlier leader acknowledged.
    private var early: [ReadOrigin] = []

    private var waiting: [Waiting] = []

    /// Only a planted bug sets it.
    var joinsEarlierRound = false

    /// Reads that the lease allows, to be handed out with the next ready.
    private var leased: [Confirmed] = []

    struct Confirmed: Hashable, Sendable {
        let origin: ReadOrigin
        let index: LogIndex
    }

    private struct Waiting: Sendable {
        let read: Confirmed
        let round: UInt64
    }

    var count: Int { early.count + waiting.count + leased.count }

    /// The reads of this node that wait.
    var ids: [ReadID] {
        (early + waiting.map(\.read.origin)).compactMap {
            if case .here(let id) = $0 { id } else { nil }
        }
    }

    /// Notes a read; `commit` is nil as long as the term has committed nothing.
    mutating func add(_ origin: ReadOrigin, commit: LogIndex?) {
        guard let commit else { return early.append(origin) }
        waiting.append(
            Waiting(
                read: Confirmed(origin: origin, index: commit),
                round: rounds.newest + (joinsEarlierRound ? 0 : 1)))
    }

    /// Notes a read that needs no round.
    mutating func addLeased(_ id: ReadID, commit: LogIndex) {
        leased.append(Confirmed(origin: .here(id), index: commit))
    }

    /// Lets the early reads in, once the term has its first commit.
    mutating func open(commit: LogIndex) {
        let origins = early
        early = []
        for origin in origins { add(origin, commit: commit) }
    }

    /// Whether a read waits that no round covers yet, so that heartbeats must go out.
    var needsRound: Bool { waiting.last.map { $0.round > rounds.newest } ?? false }

    /// Takes out the reads whose round a majority has confirmed, and those under the lease.
    mutating func takeConfirmed(through confirmed: UInt64) -> [Confirmed] {
        let done = waiting.prefix { $0.round <= confirmed }.map(\.read)
        waiting.removeFirst(done.count)
        defer { leased = [] }
        return done + leased
    }
}
