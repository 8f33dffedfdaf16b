// How old the knowledge of a replica is at most, so that it can answer reads with a bound instead of a
// round to the leader.
//
// A heartbeat that says how far the leader had committed says nothing about when: it may have been under
// way for a minute. So a follower puts its own clock on its answers, the leader sends the newest such
// stamp back, and the heartbeat that brings it left after the stamp was made. The leader adds how
// long ago a majority confirmed that it leads: what another leader committed since is not in its
// numbers. Both together give the bound, in ticks of two clocks of which neither has to be right.

/// What a heartbeat tells a follower about the age of its knowledge.
package struct Freshness: Hashable, Sendable {
    /// The leader's commit index when the heartbeat left.
    package var commit: LogIndex
    /// The follower's newest stamp that the leader has: its life, and its ticks in that life.
    package var stamp: Ticket
    /// Ticks since the begin of the last round that a majority answered.
    package var age: UInt64

    package init(commit: LogIndex, stamp: Ticket, age: UInt64) {
        self.commit = commit
        self.stamp = stamp
        self.age = age
    }
}

/// Places in the log, each with a time up to which all that was committed lies before it.
struct StalenessMarks: Sendable {
    /// Ascending in both; what was true once stays true.
    private var marks: [Mark] = []

    private struct Mark: Sendable {
        let index: LogIndex
        let tick: Int
    }

    /// Marks kept for a state machine that lags; one that lags further than all of them has no bound.
    static let marksMax = 64

    mutating func note(_ index: LogIndex, at tick: Int) {
        guard tick > marks.last?.tick ?? .min else { return }
        while let last = marks.last, last.index >= index { marks.removeLast() }
        marks.append(Mark(index: index, tick: tick))
        if marks.count > Self.marksMax { marks.removeFirst() }
    }

    /// The newest time that a state through `applied` covers.
    func tick(coveredBy applied: LogIndex) -> Int? { marks.last { $0.index <= applied }?.tick }
}

extension RaftNode {
    /// Ticks by which a state machine that has applied entries through here lags, at most.
    ///
    /// It then holds all that was committed in the group up to that many ticks ago. Nil when no bound is
    /// known. Time has to be counted (`RaftEvent.tick`) up to the moment of the question. A driver
    /// that tells the bound in seconds adds how much clocks may differ.
    package func staleness(applied: LogIndex) -> Int? {
        // One tick more for the fraction at either end.
        stalenessMarks.tick(coveredBy: applied).map { now - $0 + 2 }
    }

    /// What goes with a heartbeat to a follower that puts stamps on its answers.
    func freshness(for progress: Progress) -> Freshness? {
        guard hasCommittedInTerm, let stamp = progress.stamp,
            let start = leadership?.confirmedAt
        else { return nil }
        return Freshness(commit: log.commit, stamp: stamp, age: UInt64(now - start))
    }

    /// This node's clock, to be sent back by the leader; nil without a name for this life.
    var stamp: Ticket? {
        guard configuration.life != 0 else { return nil }
        return Ticket(life: configuration.life, number: UInt64(now))
    }

    mutating func note(_ freshness: Freshness) {
        guard configuration.life != 0, freshness.stamp.life == configuration.life,
            let stamp = Int(exactly: freshness.stamp.number), stamp <= now,
            let age = Int(exactly: freshness.age), age < Self.ageMax
        else { return }
        stalenessMarks.note(freshness.commit, at: stamp - age)
    }

    /// An age beyond this is no age: it keeps sums of ticks from overflowing.
    private static let ageMax = 1 << 40

    /// Notes, as a leader, since when a majority is known to follow.
    mutating func noteConfirmedRound() {
        guard let round = confirmedRound(), let start = leadership?.reads.rounds.start(of: round)
        else { return }
        leadership?.reads.rounds.forget(before: round)
        leadership?.confirmedAt = start
        if hasCommittedInTerm { stalenessMarks.note(log.commit, at: start) }
    }
}
