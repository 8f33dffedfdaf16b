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

    /// When a lease or a wait ends by itself; stale unless the standing still ends then.
    struct Timer: Comparable, Sendable {
        let time: LogTime
        let offset: Offset

        static func < (left: Timer, right: Timer) -> Bool {
            (left.time, left.offset) < (right.time, right.offset)
        }
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

    /// Derived, as are the timers: may name offsets that are not ready any more.
    private var ready = MinHeap<Offset>()
    private var timers = MinHeap<Timer>()

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
            timers.insert(Timer(time: until, offset: offset))
            trimTimers()
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
        while let timer = timers.least {
            if isCurrent(timer) { return timer.time }
            _ = timers.takeLeast()
        }
        return nil
    }

    /// A message whose lease or wait is over at that time; the caller changes its standing.
    mutating func takeDue(at now: LogTime) -> (offset: Offset, entry: Pending)? {
        guard let deadline = nextDeadline(), deadline <= now, let timer = timers.takeLeast(),
            let entry = pending[timer.offset]
        else { return nil }
        return (timer.offset, entry)
    }

    private func isCurrent(_ timer: Timer) -> Bool {
        switch pending[timer.offset]?.standing {
        case .leased(_, timer.time), .waiting(timer.time): true
        case .leased, .waiting, .ready, nil: false
        }
    }

    /// Leases that were acknowledged leave their timer behind; now and then those go.
    private mutating func trimTimers() {
        guard timers.count > 2 * pending.count + 1024 else { return }
        let current = self
        timers.keep { current.isCurrent($0) }
    }
}
