// How far one consumer group has come in one partition of a topic.
//
//              fetch                    acknowledge
//     fresh ---------> leased ----------------------------> done
//       |               |  ^
//       | not due yet   |  | fetch
//       v       failed  v  |
//     waiting <------- ready <--- deadline passed, or given back
//        |               ^
//        +---- due ------+
//
// Everything below the cursor that is not in `pending` is done, so what is done takes no memory.
// Messages that were handed out before go ahead of fresh ones, the oldest first: a retry is late
// already, and its pause keeps it from crowding out the rest.

import Collections
import Linux

struct GroupProgress: Sendable {
    struct Pending: Equatable, Sendable {
        /// Tries so far, the one under way included.
        var attempts: Int
        var standing: Standing
    }

    enum Standing: Equatable, Sendable {
        case ready
        case leased(number: UInt64, until: LogTime)
        case waiting(until: LogTime)
    }

    /// Who may fetch: the member that was assigned this partition last, by generation.
    struct Owner: Equatable, Sendable {
        let generation: GroupGeneration
        let member: String
    }

    var owner: Owner?
    /// No message at or above it was ever looked at.
    var cursor: Offset
    /// Messages at or above the cursor.
    var freshCount: Int
    /// Below the cursor and not done.
    private(set) var pending: [Offset: Pending] = [:]
    private(set) var leasedCount = 0
    private(set) var readyCount = 0
    /// When a member last asked; a group that nobody asks for is forgotten after the retention.
    var lastUsed: LogTime

    /// Derived, as are the deadlines: may name offsets that are not ready any more.
    private var ready = MinHeap<Offset>()
    private var deadlines = Deadlines()

    init(cursor: Offset, freshCount: Int, lastUsed: LogTime) {
        self.cursor = cursor
        self.freshCount = freshCount
        self.lastUsed = lastUsed
    }

    /// Messages that are not done.
    var lag: Int { freshCount + pending.count }

    var waitingCount: Int { pending.count - leasedCount - readyCount }

    func isDone(_ offset: Offset) -> Bool { offset < cursor && pending[offset] == nil }

    /// The attempts of a lease that stands; nil when the token is stale.
    func attempts(of token: LeaseToken) -> Int? {
        guard let entry = pending[token.offset],
            case .leased(token.number, _) = entry.standing
        else { return nil }
        return entry.attempts
    }

    func attempts(at offset: Offset) -> Int { pending[offset]?.attempts ?? 0 }

    // MARK: Changes of standing

    /// Every change of a message's standing goes through here, so that counts and heaps agree.
    mutating func set(_ entry: Pending?, at offset: Offset) {
        count(pending[offset]?.standing, by: -1)
        pending[offset] = entry
        count(entry?.standing, by: 1)
        switch entry?.standing {
        case .ready: ready.insert(offset)
        case .leased(_, let until), .waiting(let until):
            deadlines.insert(offset, at: until)
            trimDeadlines()
        case nil: break
        }
        assert(leasedCount >= 0 && readyCount >= 0 && waitingCount >= 0)
    }

    private mutating func count(_ standing: Standing?, by change: Int) {
        switch standing {
        case .ready: readyCount += change
        case .leased: leasedCount += change
        case .waiting, nil: break
        }
    }

    /// The oldest message that is ready again, which then has no place in the heap any more.
    mutating func takeReady() -> Offset? {
        while let offset = ready.takeLeast() {
            if pending[offset]?.standing == .ready { return offset }
        }
        return nil
    }

    /// The next end of a lease or wait; nil when nothing ends by itself.
    mutating func nextDeadline() -> LogTime? {
        let pending = pending
        return deadlines.next { pending[$0]?.standing.end == $1 }
    }

    /// A message whose lease or wait is over at that time; the caller changes its standing.
    mutating func takeDue(at now: LogTime) -> (offset: Offset, entry: Pending)? {
        let pending = pending
        let due = deadlines.take(at: now) { pending[$0]?.standing.end == $1 }
        guard let due, let entry = pending[due] else { return nil }
        return (due, entry)
    }

    /// Leases that were acknowledged leave their deadline behind; now and then those go.
    private mutating func trimDeadlines() {
        guard deadlines.count > 2 * pending.count + 1024 else { return }
        let pending = pending
        deadlines.keep { pending[$0]?.standing.end == $1 }
    }
}

extension GroupProgress.Standing {
    /// When it ends by itself; nil when it does not.
    fileprivate var end: LogTime? {
        switch self {
        case .leased(_, let until), .waiting(let until): until
        case .ready: nil
        }
    }
}
