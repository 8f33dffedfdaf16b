// Who leads a group of caches: the votes and leases of one node, as a pure state machine over a clock that is
// passed in. A cache has nothing to lose that its source does not have, so the rules are those of Raft's
// elections (Ongaro and Ousterhout, ATC 2014, section 5.2) without its log:
//
// - An epoch has at most one leader, for a node gives one vote an epoch, and remembers that over a restart.
// - A leader takes writes only while a majority has heard it within `electionTimeout`, counted from when it
//   spoke. A follower that has heard it helps nobody else for as long. So there are never two leaders that
//   take writes, as long as clocks run at about the same speed; a leader that was paused or cut off finds its
//   lease over before its next write.
// - A node votes only for one whose copy is at least as new as its own; half a copy counts as none.
//
// What can be lost: writes that the leader has acknowledged and not yet sent when it dies, and on its return
// everything that it alone has. WAIT tells a client that some followers have what it wrote.
//
// With two nodes the other one's vote is needed as well: such a group has a copy, and no failover.

struct ElectionState {
    enum Role: Equatable {
        case follower(of: Int?)
        case candidate(votes: Set<Int>, asked: CacheTime)
        case leader
    }

    /// How new a node's copy is: the epoch whose stream it has, and how far.
    struct Progress: Equatable, Comparable {
        var epoch: UInt64 = 0
        var offset: Int64 = 0

        static func < (left: Progress, right: Progress) -> Bool {
            (left.epoch, left.offset) < (right.epoch, right.offset)
        }
    }

    let node: Int
    let memberCount: Int
    /// Milliseconds.
    let electionTimeout: Int64

    private(set) var epoch: UInt64
    private(set) var role = Role.follower(of: nil)
    /// When the leader, or whoever this node voted for, was last heard.
    private var heard: CacheTime
    /// When a follower was spoken to that has answered, by node; only of a leader.
    private var answered: [Int: CacheTime] = [:]
    /// When this node stands for election unless it hears a leader first.
    private var standsAt: CacheTime

    /// A node that starts counts as having heard a leader just now: it may have, before it went down.
    init(
        node: Int, memberCount: Int, electionTimeout: Int64, epoch: UInt64, now: CacheTime,
        spread: Double
    ) {
        self.node = node
        self.memberCount = memberCount
        self.electionTimeout = electionTimeout
        self.epoch = epoch
        heard = now
        standsAt = now
        postpone(from: now, spread)
    }

    var isLeader: Bool { role == .leader }
    private var majority: Int { memberCount / 2 + 1 }

    /// The end of the time in which a leader may take writes; nil for any other node.
    var leaseEnd: CacheTime? {
        guard isLeader else { return nil }
        // The majority's weakest: this node itself needs no answer.
        let times = answered.values.sorted(by: >)
        guard majority > 1 else { return CacheTime(milliseconds: .max) }
        guard times.count >= majority - 1 else { return nil }
        return times[majority - 2].advanced(byMilliseconds: electionTimeout)
    }

    func isDue(at now: CacheTime) -> Bool { !isLeader && now >= standsAt }

    /// Stands for election in a new epoch, with its own vote; `spread` is uniform in 0..<1.
    mutating func stand(at now: CacheTime, spread: Double) {
        epoch += 1
        role = .candidate(votes: [node], asked: now)
        postpone(from: now, spread)
        winIfElected()
    }

    /// True when the node has the vote; the caller makes `epoch` durable before it says so.
    mutating func vote(
        for candidate: Int, in wanted: UInt64, with theirs: Progress, own: Progress,
        at now: CacheTime, spread: Double
    ) -> Bool {
        guard wanted > epoch, theirs >= own else { return false }
        if let end = leaseEnd, now < end { return false }
        if !isLeader, now < heard.advanced(byMilliseconds: electionTimeout) ?? now { return false }
        epoch = wanted
        follow(nil)
        heard = now
        postpone(from: now, spread)
        return true
    }

    mutating func count(vote voter: Int, in wanted: UInt64) {
        guard wanted == epoch, case .candidate(var votes, let asked) = role else { return }
        votes.insert(voter)
        role = .candidate(votes: votes, asked: asked)
        winIfElected()
    }

    /// A leader says that it leads; false when it no longer does.
    mutating func hear(
        leader: Int, in wanted: UInt64, at now: CacheTime, spread: Double
    ) -> Bool {
        guard wanted >= epoch, !(wanted == epoch && isLeader) else { return false }
        epoch = wanted
        follow(leader)
        heard = now
        postpone(from: now, spread)
        return true
    }

    /// A follower has answered what it was told at a time.
    mutating func note(answer follower: Int, toldAt time: CacheTime) {
        guard isLeader, time > answered[follower] ?? CacheTime(milliseconds: .min) else { return }
        answered[follower] = time
    }

    /// Somebody knows of a later epoch, so this node leads none.
    mutating func note(epoch later: UInt64) {
        guard later > epoch else { return }
        epoch = later
        follow(nil)
    }

    /// A leader whose lease is long over makes way.
    mutating func giveUp(at now: CacheTime, spread: Double) {
        follow(nil)
        postpone(from: now, spread)
    }

    private mutating func follow(_ leader: Int?) {
        role = .follower(of: leader)
        answered.removeAll()
    }

    private mutating func postpone(from now: CacheTime, _ spread: Double) {
        let wait = electionTimeout + Int64(spread * Double(electionTimeout))
        standsAt = now.advanced(byMilliseconds: wait) ?? now
    }

    private mutating func winIfElected() {
        guard case .candidate(let votes, let asked) = role, votes.count >= majority else { return }
        role = .leader
        answered = Dictionary(uniqueKeysWithValues: votes.filter { $0 != node }.map { ($0, asked) })
    }
}
