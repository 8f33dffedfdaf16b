// Reads under a lease, and the promise of the followers that makes them safe (dissertation 6.4.1).
//
// A follower that answers a heartbeat promises to vote for nobody until an election timeout has passed by
// its own clock. So a leader whose round was answered by a majority knows that no other can be elected
// for that long, counted from when the round began. The promise has to hold against everything that
// ends the ordinary shield of a living leader: a newer term that is heard of in some reply, a
// restart that forgets who leads, and a pause after which ticks are counted all at once.
// Only the leader itself can lift it, by handing over, and from then on it relies on no lease.

extension RaftConfiguration {
    /// Ticks for which a leader may rely on a round, from when it began; nil without leases.
    ///
    /// A follower counts `electionTicks` events, of which the first comes at once and the second
    /// may come early; its clock may be the faster one; the leader's own tick may be almost over.
    var leaseTicks: Int? {
        guard case .lease(let driftPercentMax) = readRule else { return nil }
        return (electionTicks - 2) * 100 / (100 + driftPercentMax) - 1
    }
}

extension RaftNode {
    /// Ticks for which this node, as a leader, may answer reads without asking; zero if it may not.
    var leaseTicksLeft: Int {
        guard let lease = configuration.leaseTicks, let leadership,
            has(.leaseOutlivesTransfer)
                || (leadership.transfer == nil && !leadership.hasToldSuccessor),
            let round = confirmedRound(),
            let start = leadership.reads.rounds.start(of: round)
        else { return 0 }
        if has(.leaseWithStoppedClock) { return lease }
        return max(0, start + lease - now)
    }

    /// Begins to promise: no vote for anybody for an election timeout.
    mutating func holdBackVotes() {
        guard configuration.leaseTicks != nil else { return }
        votesHeldBack = configuration.electionTicks
    }

    /// Counts an event, not its ticks: after a pause they tell of a time before the promise.
    mutating func tickPromise() { votesHeldBack = max(0, votesHeldBack - 1) }
}
